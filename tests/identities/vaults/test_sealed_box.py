"""Encryption at rest: one purpose, one place, one key."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given, strategies as st

from identities.vaults import sealed_box
from tests.factories.keys import A, B, process


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_what_was_sealed_opens_again(content: bytes, purpose: str, place: str) -> None:
    assert sealed_box.open(sealed_box.seal(content, purpose, place=place), purpose, place=place) == content


@given(st.binary(min_size=1, max_size=60), st.data())
def test_no_changed_bit_opens(content: bytes, data: st.DataObject) -> None:
    raw = bytearray(urlsafe_b64decode(sealed_box.seal(content, "p").removeprefix("v1.")))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(sealed_box.CannotOpen):
        sealed_box.open("v1." + urlsafe_b64encode(bytes(raw)).decode(), "p")


def test_another_purpose_or_place_does_not_open() -> None:
    sealed = sealed_box.seal(b"x", "signing key", place="row 1")
    for purpose, place in (("local vault", "row 1"), ("signing key", "row 2"), ("signing key", "")):
        with pytest.raises(sealed_box.CannotOpen):
            sealed_box.open(sealed, purpose, place=place)


@pytest.mark.parametrize("text", ["", "v1.", "v1.AAAA", "v2.AAAA", "nonsense", "v1.é", "v1.!!!!"])
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.raises(sealed_box.CannotOpen):
        sealed_box.open(text, "p")


def test_the_same_content_never_looks_the_same() -> None:
    assert sealed_box.seal(b"x", "p") != sealed_box.seal(b"x", "p")


def test_what_a_former_key_sealed_opens_for_as_long_as_it_counts() -> None:
    with process(A):
        sealed = sealed_box.seal(b"x", "p", place="row 1")
    with process(B), pytest.raises(sealed_box.CannotOpen):
        sealed_box.open(sealed, "p", place="row 1")
    with process(B, A):
        assert sealed_box.open(sealed, "p", place="row 1") == b"x"
        with pytest.raises(sealed_box.CannotOpen):
            sealed_box.open(sealed, "p", place="row 2")
        again = sealed_box.resealed(sealed, "p", place="row 1")
        assert again is not None
        assert sealed_box.resealed(again, "p", place="row 1") is None
        with pytest.raises(sealed_box.CannotOpen):
            sealed_box.resealed(sealed, "p", place="row 2")
    with process(B):
        assert sealed_box.open(again, "p", place="row 1") == b"x"
