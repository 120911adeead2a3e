"""Sources of dependencies: one file each, one kind each."""

from collections.abc import Iterator

import pytest

from identities.inventory.dependencies import base
from identities.inventory.dependencies.base import Dependency, DependencySource, dependencies_of
from identities.inventory.models import ManagedIdentity


@pytest.fixture(autouse=True)
def _only_ours() -> Iterator[None]:
    kept = dict(base.kinds)
    base.kinds.clear()
    yield
    base.kinds.clear()
    base.kinds.update(kept)


def test_a_kind_is_taken_once() -> None:
    class Lamps(DependencySource):
        kind = "lamp"

        def of(self, identity: ManagedIdentity) -> list[Dependency]:
            return [Dependency("lamp", "1", f"Lamp of {identity.name}", "goes out")]

    with pytest.raises(TypeError):

        class OtherLamps(DependencySource):
            kind = "lamp"

    assert dependencies_of(ManagedIdentity(name="bot")) == [Dependency("lamp", "1", "Lamp of bot", "goes out")]


def test_without_sources_nothing_depends() -> None:
    assert dependencies_of(ManagedIdentity(name="bot")) == []
