"""Proving a second factor at a sign-in: an app's code, a recovery code, a passkey; each proof and refusal on record.

Codes are short, so guesses are few: after ten wrong ones of an account within a quarter of an hour no code of it is
looked at until the oldest is a quarter of an hour past, wherever they come from. Who guesses codes knows the password
already: its owner is told. A passkey cannot be guessed, and opens the door meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from audit import selectors as trail, services as audit
from audit.actors import Actor
from audit.events import Outcome
from identities import throttle
from identities.errors import Refused
from identities.events import PersonEvent
from identities.people import one_time_codes
from identities.people.actors import actor_of, subject_of
from identities.people.models import User
from identities.people.second_factor import Kind, recovery_codes_left, tell

MOST_WRONG = 10
WINDOW = timedelta(minutes=15)
passkey_refusals = throttle.Allowance("passkey-refused", a_minute=20)


class WrongProof(Refused):
    """The code is wrong, used before or out of time; or the passkey is none of theirs."""

    code = "second_factor_wrong"

    def __init__(self) -> None:
        super().__init__("This code is not accepted. Each works once.")


class TooManyCodes(Refused):
    """No code of this account is looked at for `seconds`, neither a wrong one nor a right one."""

    code = "too_many_failures"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many wrong codes. Try again in {seconds} seconds, or use a passkey.")
        self.seconds = seconds


@dataclass(frozen=True)
class _Refusal:
    error: WrongProof | TooManyCodes


def prove_code(user: User, *, code: str, source: str) -> Kind:
    """Accept a code of the person's app or a recovery code, each once; says which it was.

    Raises WrongProof, which is recorded, and TooManyCodes, which is not: nothing was looked at.
    """
    at = timezone.now()
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        outcome = _tried(locked, code, source, at)
    if isinstance(outcome, _Refusal):
        raise outcome.error
    return outcome


@transaction.atomic
def note_passkey(user: User, *, factor_id: int, source: str) -> None:
    """Record that a passkey whose signature was checked (`passkeys.prove`) proved the person."""
    row = Authenticator.objects.select_for_update().get(pk=factor_id, user_id=user.pk)
    row.last_used_at = timezone.now()
    row.save(update_fields=["last_used_at"])
    _record_proof(user, Kind.PASSKEY, source, {"name": row.data["name"]})


@transaction.atomic
def refuse_passkey(user: User, *, source: str) -> None:
    """Record a passkey that proved nothing, twenty a minute of one account; the next says how many were left out.

    Does not count as a guess: a signature is not guessed.
    """
    left_out = passkey_refusals.take(str(user.pk))
    if left_out is not None:
        _record_refusal(user, Kind.PASSKEY, source, left_out)


def _tried(user: User, code: str, source: str, at: datetime) -> Kind | _Refusal:
    wrong = _wrong_codes(user, at)
    if len(wrong) >= MOST_WRONG:
        left = wrong[-MOST_WRONG] + WINDOW - at
        return _Refusal(TooManyCodes(max(1, round(left.total_seconds()))))
    kind = _kind_of(user, code, at)
    if kind is None:
        _record_refusal(user, Kind.APP, source)
        if len(wrong) + 1 == MOST_WRONG:
            _tell_guessed(user, at)
        return _Refusal(WrongProof())
    left_over = {"codes_left": recovery_codes_left(user)} if kind is Kind.RECOVERY else {}
    _record_proof(user, kind, source, left_over)
    if kind is Kind.RECOVERY:
        _tell_recovered(user, left_over["codes_left"], at)
    return kind


def _kind_of(user: User, code: str, at: datetime) -> Kind | None:
    rows = {row.type: row for row in Authenticator.objects.select_for_update().filter(user_id=user.pk)}
    takers = ((Kind.APP, one_time_codes.take_app_code), (Kind.RECOVERY, one_time_codes.take_recovery_code))
    return next((kind for kind, take in takers if kind in rows and take(rows[kind], code, at=at)), None)


def _wrong_codes(user: User, at: datetime) -> list[datetime]:
    """When wrong codes came within the window, the oldest first. From the audit, which every process shares."""
    found = trail.events(None, event=PersonEvent.SECOND_FACTOR_REFUSED, since=at - WINDOW)
    rows = found.filter(subject_id=str(user.pk), details__kind=Kind.APP.value)
    return sorted(rows.values_list("recorded_at", flat=True))


def _record_proof(user: User, kind: Kind, source: str, more: Mapping[str, Any]) -> None:
    details = {"kind": kind.value, "source": source, **more}
    audit.record(PersonEvent.SECOND_FACTOR_PROVED, actor=actor_of(user), subject=subject_of(user), details=details)


def _record_refusal(user: User, kind: Kind, source: str, left_out: int = 0) -> None:
    audit.record(
        PersonEvent.SECOND_FACTOR_REFUSED,
        actor=Actor.anonymous(user.email),
        subject=subject_of(user),
        outcome=Outcome.DENIED,
        reason="second_factor_wrong",
        details={"kind": kind.value, "source": source} | ({"unrecorded_before": left_out} if left_out else {}),
    )


def _tell_guessed(user: User, at: datetime) -> None:
    tell(
        user,
        kind="second_factor_guessed",
        key=f"second-factor-guessed:{at:%Y-%m-%dT%H:%M}",
        subject="Somebody who knows your password guesses your codes",
        text=f"{MOST_WRONG} wrong codes came within a quarter of an hour. If that was not you, change your password "
        "now.",
    )


def _tell_recovered(user: User, left: int, at: datetime) -> None:
    tell(
        user,
        kind="recovery_code_used",
        key=f"recovery-code-used:{at.isoformat()}",
        subject="A recovery code of yours was used",
        text=f"{left} are left. If that was not you, change your password and make new codes on your own page.",
    )
