"""A secret that shows itself only when asked."""

import copy
import json
import logging
import pickle

import pytest

from identities.vaults.secret_text import SecretText

SECRET = SecretText("swordfish")


@pytest.mark.parametrize(
    "shown",
    [
        str(SECRET),
        repr(SECRET),
        f"{SECRET}",
        f"{SECRET:>20}",
        f"{SECRET!r}",
        "%s" % SECRET,  # noqa: UP031 - one of the ways
        str([SECRET]),
        str({"a": SECRET}),
    ],
)
def test_no_way_of_printing_shows_it(shown: str) -> None:
    assert "swordfish" not in shown


def test_logging_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("x").warning("fetched %s", SECRET)
    assert "swordfish" not in caplog.text


def test_it_is_not_serialised() -> None:
    for attempt in (pickle.dumps, json.dumps, copy.copy):
        with pytest.raises(TypeError):
            attempt(SECRET)


def test_it_shows_itself_when_asked() -> None:
    assert SECRET.reveal() == "swordfish"
    assert SECRET == SecretText("swordfish") != SecretText("other")
    assert SECRET != "swordfish"
    assert not SecretText("")
