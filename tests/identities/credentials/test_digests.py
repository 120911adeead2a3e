from hypothesis import given, strategies as st
from pytest_django import Settings

from identities.credentials.digests import accepted_digests, digest, former_digests, is_same
from tests.factories.keys import A, B, process


@given(st.text(), st.text())
def test_digests_are_equal_exactly_for_equal_texts(left: str, right: str) -> None:
    assert (digest(left) == digest(right)) is (left == right)
    assert is_same(left, right) is (left == right)


def test_another_key_gives_another_digest(settings: Settings) -> None:
    before = digest("text")
    settings.STEWARD_ENCRYPTION_KEY = "QW5vdGhlciBrZXkgb2YgdGhpcnR5LXR3byBieXRlcyE="
    assert digest("text") != before


def test_former_digests_are_there_only_while_a_key_is_replaced() -> None:
    with process(A):
        first = digest("x")
        assert (former_digests("x"), accepted_digests("x")) == ((), (first,))
    with process(B, A):
        assert accepted_digests("x") == (digest("x"), first)
