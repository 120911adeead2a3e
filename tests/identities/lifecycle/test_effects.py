"""Effects: one kind each, heard only for what they listen to."""

from collections.abc import Iterator

import pytest

from audit.actors import Actor
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.effects import base
from identities.lifecycle.effects.base import Change, Effect, run_effects


@pytest.fixture(autouse=True)
def _only_ours() -> Iterator[None]:
    kept = dict(base.kinds)
    base.kinds.clear()
    yield
    base.kinds.clear()
    base.kinds.update(kept)


def run(change: Change) -> dict[str, str]:
    return run_effects(ManagedIdentity(name="bot"), change=change, reason="x", actor=Actor.system("test"))


def test_two_of_one_kind_are_refused() -> None:
    class First(Effect):
        kind = "lamp"

        def apply(self, identity: ManagedIdentity, **_: object) -> str:
            return "out"

    with pytest.raises(TypeError):

        class Second(Effect):
            kind = "lamp"

    assert run(Change.DISABLED) == {"lamp": "out"}
    assert run(Change.ENABLED) == {}


def test_an_effect_with_nothing_to_say_is_not_named() -> None:
    class Silent(Effect):
        kind = "silent"

        def apply(self, identity: ManagedIdentity, **_: object) -> str:
            return ""

    assert run(Change.RETIRED) == {}
