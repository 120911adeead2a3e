"""One key from outside the database, an unrelated one for each purpose."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from audit import keys
from audit.keys import derived_key
from tests.factories.keys import A, B, id_of, process


def test_each_purpose_has_a_key_of_its_own_that_stays_the_same() -> None:
    assert derived_key(b"one") == derived_key(b"one") != derived_key(b"two")
    assert len(derived_key(b"one")) == 32


def test_the_derivation_is_hkdf_as_published(settings: Any) -> None:
    # Fixed for ever: another value here would mean that no older record verifies and no older secret opens.
    settings.STEWARD_ENCRYPTION_KEY = urlsafe_b64encode(bytes(range(32))).decode()
    assert (
        derived_key(b"steward audit chain").hex() == "6d970a37ed737276ffe2287f60762c57ce2eba9cd2e8ae9965477d013a3dd179"
    )


def test_another_encryption_key_gives_other_keys(settings: Any) -> None:
    before = derived_key(b"one")
    settings.STEWARD_ENCRYPTION_KEY = urlsafe_b64encode(b"z" * 32).decode()
    assert derived_key(b"one") != before


def test_padding_may_be_left_off(settings: Any) -> None:
    before = derived_key(b"one")
    settings.STEWARD_ENCRYPTION_KEY = settings.STEWARD_ENCRYPTION_KEY.rstrip("=")
    assert derived_key(b"one") == before


@pytest.mark.parametrize("text", ["", "short", "!" * 44, "é" * 32, urlsafe_b64encode(b"x" * 31).decode()])
def test_anything_but_32_bytes_is_refused(settings: Any, text: str) -> None:
    settings.STEWARD_ENCRYPTION_KEY = text
    with pytest.raises(ImproperlyConfigured, match="STEWARD_ENCRYPTION_KEY"):
        derived_key(b"one")


def test_former_keys_are_accepted_and_make_nothing():
    with process(B, A):
        present = derived_key(b"one")
        assert keys.accepted_keys(b"one") == (present, *keys.former_keys(b"one"))
        assert keys.accepted_ids() == (id_of(B), id_of(A))
        assert keys.has_former()
        assert keys.derived_under(id_of(B), b"one") == present != keys.derived_under(id_of(A), b"one")
        assert keys.derived_under("ffffffff", b"one") is None
    with process(B):
        assert (keys.former_keys(b"one"), keys.has_former(), derived_key(b"one")) == ((), False, present)


def test_a_malformed_former_key_is_refused():
    with process(B, "short"), pytest.raises(ImproperlyConfigured, match="fallbacks"):
        keys.accepted_keys(b"one")
