"""The closed list of reasons why a refresh fails."""

from identities.people import refresh_reasons
from identities.people.refresh_reasons import RefreshReason


def test_there_are_seven_and_each_has_a_sentence_of_its_own() -> None:
    assert [str(reason) for reason in RefreshReason] == [
        "verification-failed",
        "invalid-payload",
        "missing-refresh-state",
        "token-invalidated",
        "password-rotated",
        "refresh-id-mismatch",
        "hash-mismatch",
    ]
    sentences = {refresh_reasons.meaning(reason) for reason in RefreshReason}
    assert len(sentences) == 7
    assert not sentences & set(RefreshReason)


def test_a_word_nobody_knows_stands_for_itself() -> None:
    assert refresh_reasons.meaning("moon-phase") == "moon-phase"
