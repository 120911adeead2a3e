"""Why a refresh token opens nothing: one of seven reasons (S2-22), and beside it the cause where it is known. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum


class RefreshReason(StrEnum):
    """A closed list, the same words in the answer, the log, the audit and the counter."""

    VERIFICATION_FAILED = "verification-failed"
    INVALID_PAYLOAD = "invalid-payload"
    MISSING_REFRESH_STATE = "missing-refresh-state"
    TOKEN_INVALIDATED = "token-invalidated"  # noqa: S105 - a word
    PASSWORD_ROTATED = "password-rotated"  # noqa: S105 - a word
    REFRESH_ID_MISMATCH = "refresh-id-mismatch"
    HASH_MISMATCH = "hash-mismatch"


class Cause(StrEnum):
    """What led to it. It rests on the tokens that were ended, and goes into the metadata of a failure."""

    EXPIRED = "expired"
    ACCOUNT_DISABLED = "account-disabled"
    RESET_FORCED = "reset-forced"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a word
    SIGNED_OUT = "signed-out"
    REPLAYED = "replayed"
    NOT_STORED = "not-stored"
    SECOND_FACTOR_RESET = "second-factor-reset"
    SECOND_FACTOR_REQUIRED = "second-factor-required"
    RESTORED = "restored"


#: Rests on a line whose token came twice within `AT_ONCE`: most likely one client that asked twice. The line ends, and
#: the access token that the first of the two was given lives to its own end.
RACED = "raced"
AT_ONCE = timedelta(seconds=10)


def replayed(*, used_at: datetime | None, at: datetime) -> str:
    """What rests on a line one of whose tokens came again at `at`."""
    return RACED if used_at is None or at - used_at <= AT_ONCE else Cause.REPLAYED


def reason_for(ended_by: str) -> RefreshReason:
    """What a token that was ended fails with; `ended_by` is a cause, or a reason as rows of older versions have it."""
    by_password = {Cause.PASSWORD_CHANGED.value, RefreshReason.PASSWORD_ROTATED.value}
    return RefreshReason.PASSWORD_ROTATED if ended_by in by_password else RefreshReason.TOKEN_INVALIDATED


def cause_of(ended_by: str) -> str:
    """The cause that rests on a row; empty where an older version left none."""
    if ended_by == RACED:
        return Cause.REPLAYED
    return ended_by if ended_by in {cause.value for cause in Cause} else ""


MEND = "It stays out until it signs in again with its password."
_MEANINGS: Mapping[str, str] = {
    RefreshReason.VERIFICATION_FAILED: "Its refresh token is past its end, or was not made here",
    RefreshReason.INVALID_PAYLOAD: "Its refresh token lacks what one must hold",
    RefreshReason.MISSING_REFRESH_STATE: "Nothing is known any more of its refresh token",
    RefreshReason.TOKEN_INVALIDATED: "Its session was ended",
    RefreshReason.PASSWORD_ROTATED: "Its password was changed, which ends its sessions",
    RefreshReason.REFRESH_ID_MISMATCH: "It came with a refresh token that was used before: perhaps two hold it",
    RefreshReason.HASH_MISMATCH: "Its refresh token is not the one that was given out",
}


def meaning(reason: str) -> str:
    """The reason as a sentence for people, without its full stop; a word nobody knows stands for itself."""
    return _MEANINGS.get(reason, reason)
