"""Each test starts with nothing remembered."""

from collections.abc import Iterator

import pytest

from tests.factories import passport


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    with passport.fresh():
        yield
