"""Signing in and staying signed in: passwords, refresh tokens, and what is recorded of both.

The access token is not made here: tokens live above this floor, the face puts the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.contrib.auth.hashers import check_password, is_password_usable
from django.db import transaction
from django.utils import timezone

from audit import keys, services as audit
from audit.actors import Actor
from audit.events import Outcome
from identities import throttle
from identities.errors import Refused
from identities.events import PersonEvent
from identities.people import passwords, refresh_tokens, second_factor, selectors, tries
from identities.people.actors import actor_of, subject_of
from identities.people.models import RefreshToken, User
from identities.people.refresh_reasons import Cause, RefreshReason, cause_of, reason_for, replayed
from identities.people.refresh_tokens import Claims, NotOurs
from identities.people.refusals import claimed_address, record_refusal

_ENDS_THE_FAMILY = {RefreshReason.REFRESH_ID_MISMATCH, RefreshReason.HASH_MISMATCH}

__all__ = [
    "RefreshFailed",
    "Session",
    "check",
    "claimed_address",
    "open_session",
    "record_entry",
    "record_refusal",
    "refresh",
]

log = structlog.get_logger(__name__)
failures = throttle.Allowance("refresh-failed", a_minute=20)


class RefreshFailed(Refused):
    """A refresh token that opens nothing; `reason` is one word of the refresh vocabulary."""

    code = "refresh_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The refresh token is not accepted: {reason}.")
        self.reason = reason


@dataclass(frozen=True)
class Session:
    """A sign-in or its continuation: who, and the refresh token, whose text exists nowhere else.

    `family` joins all that follows from one sign-in: an access token names it and ends with it.
    """

    user: User
    refresh_token: str = field(repr=False)
    refresh_expires_in: int
    refresh_id: UUID
    family: UUID


@dataclass(frozen=True)
class _Failure:
    reason: RefreshReason
    user: User | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def check(email: str, password: str) -> User | None:
    """The active user with this address and password, or None.

    Unknown, disabled, without a password, wrong: one answer and one cost, a hash of the same hasher. Writes nothing
    but a stronger hash where the hasher's figures have risen. Raises `tries.TooManyTries`, before anything is hashed,
    where the caller's address has failed a hundred times within the minute: then a right password does not pass
    either, since looking at it is what it costs; it is never counted, and a minute later it passes. Not promised: any
    limit on tries of one account; the faces have it.
    """
    tries.check()
    user = _proved(email, password)
    if user is None:
        tries.note_failure()
    return user


def _proved(email: str, password: str) -> User | None:
    passwords.nobodys()
    user = selectors.by_email(email)
    if user is None or not user.is_active or not is_password_usable(user.password):
        passwords.spend_as_much(password)
        return None

    def rehash(text: str) -> None:
        user.set_password(text)
        User.objects.filter(pk=user.pk).update(password=user.password)

    return user if check_password(password, user.password, setter=rehash) else None


@transaction.atomic
def open_session(user: User, *, source: str = "login", actor: Actor | None = None) -> Session:
    """Begin a session for somebody whose password was checked: one row, one record (two for a service user).

    `actor`: who began it, where that is not the user.
    """
    at = timezone.now()
    _note_entry(user, source, at, actor)
    return _issue(user, family=uuid4(), source=source, at=at, actor=actor)


@transaction.atomic
def record_entry(user: User, *, source: str = "admin") -> None:
    """Record a sign-in that opened no API session, such as the admin's."""
    _note_entry(user, source, timezone.now())


def _note_entry(user: User, source: str, at: datetime, actor: Actor | None = None) -> None:
    User.objects.filter(pk=user.pk).update(last_login=at)
    user.last_login = at
    who = actor or actor_of(user)
    audit.record(PersonEvent.SIGNED_IN, actor=who, subject=subject_of(user), details={"source": source})


def refresh(text: str) -> Session:
    """Change a refresh token for a new session of the same family; each works once (S2-21).

    Raises RefreshFailed with `verification-failed invalid-payload missing-refresh-state token-invalidated
    password-rotated refresh-id-mismatch hash-mismatch`. A token used twice is a token in two hands: its whole family
    ends, and unless both came within seconds its access tokens too. Failures are recorded and logged whatever becomes
    of the caller's transaction.
    """
    at = timezone.now()
    with transaction.atomic():
        outcome = _attempt(text, at)
        if isinstance(outcome, Session):
            return outcome
        _record_failure(outcome, at)
    log.warning(
        "auth.refresh.failure",
        userId=str(outcome.user.pk) if outcome.user else None,
        reason=outcome.reason.value,
        metadata=dict(outcome.metadata),
    )
    raise RefreshFailed(outcome.reason)


def _attempt(text: str, at: datetime) -> Session | _Failure:
    try:
        claims = refresh_tokens.read(text)
    except NotOurs as exc:
        return _Failure(RefreshReason(exc.reason))
    metadata = {"refreshTokenId": str(claims.refresh_id)}
    # The account before its tokens, as every command that ends sessions has it: else two could wait for each other.
    user = User.objects.select_for_update(no_key=True).filter(pk=claims.user_id).first()
    if claims.expires_at <= at:
        return _Failure(RefreshReason.VERIFICATION_FAILED, user, metadata | {"cause": Cause.EXPIRED})
    row = RefreshToken.objects.select_for_update().filter(pk=claims.refresh_id, user_id=claims.user_id).first()
    if row is None or user is None:
        return _Failure(RefreshReason.MISSING_REFRESH_STATE, user, metadata)
    reason, cause = _objection(row, user, text)
    # Compare and set: of two who come with the same token at once, one finds no row left to take.
    if reason is None and not RefreshToken.objects.filter(pk=row.pk).open().update(used_at=at):
        reason, cause = RefreshReason.REFRESH_ID_MISMATCH, Cause.REPLAYED
    if reason is not None:
        if reason in _ENDS_THE_FAMILY:
            ended_by = replayed(used_at=row.used_at, at=at) if cause == Cause.REPLAYED else reason
            RefreshToken.objects.filter(family=row.family).invalidate(reason=ended_by, at=at)
        return _Failure(reason, user, metadata | ({"cause": cause} if cause else {}))
    details = {**metadata, "source": "refresh"}
    audit.record(PersonEvent.SESSION_CONTINUED, actor=actor_of(user), subject=subject_of(user), details=details)
    return _issue(user, family=row.family, source="refresh", at=at)


def _objection(row: RefreshToken, user: User, text: str) -> tuple[RefreshReason | None, str]:
    """What stands against this token, and the cause where one is known."""
    if row.invalidated_at is not None:
        return reason_for(row.reason), cause_of(row.reason)
    if not user.is_active:
        return RefreshReason.TOKEN_INVALIDATED, Cause.ACCOUNT_DISABLED
    if row.used_at is not None:
        return RefreshReason.REFRESH_ID_MISMATCH, Cause.REPLAYED
    if not refresh_tokens.is_of(text, row.token_hash):
        return RefreshReason.HASH_MISMATCH, ""
    if second_factor.must_enrol(user):
        return RefreshReason.TOKEN_INVALIDATED, Cause.SECOND_FACTOR_REQUIRED
    return None, ""


def _issue(user: User, *, family: UUID, source: str, at: datetime, actor: Actor | None = None) -> Session:
    lifetime = timedelta(seconds=settings.AUTH_REFRESH_TOKEN_TTL)
    claims = Claims(user_id=user.pk, refresh_id=uuid4(), expires_at=at + lifetime)
    text = refresh_tokens.write(claims)
    RefreshToken.objects.create(
        id=claims.refresh_id,
        user=user,
        token_hash=refresh_tokens.digest(text),
        digest_key=keys.key_id(),
        family=family,
        issued_at=at,
        expires_at=claims.expires_at,
    )
    if user.refresh_invalidated_at is not None:
        user.refresh_invalidated_at, user.refresh_invalidated_reason = None, ""
        user.save(update_fields=["refresh_invalidated_at", "refresh_invalidated_reason"])
    if user.is_agent:
        _record_service_token(user, claims, source, at, actor or actor_of(user))
    return Session(user, text, int(lifetime.total_seconds()), claims.refresh_id, family)


def _record_service_token(user: User, claims: Claims, source: str, at: datetime, actor: Actor) -> None:
    change = {
        "previous": None,
        "current": "issued",
        "source": source,
        "refreshTokenId": str(claims.refresh_id),
        "issuedAt": at.isoformat(),
    }
    audit.record(PersonEvent.TOKEN_ISSUED, actor=actor, subject=subject_of(user), changes={"serviceToken": change})


def _record_failure(failure: _Failure, at: datetime) -> None:
    """A text that is not ours names nobody: it is logged, and cannot be used to fill the audit.

    Whoever holds one old token of somebody's can send it for ever: twenty a minute are recorded, the next says how many
    were left out.
    """
    if failure.user is None:
        return
    failing = User.objects.filter(pk=failure.user.pk, refresh_invalidated_at=None)
    failing.update(refresh_invalidated_at=at, refresh_invalidated_reason=failure.reason)
    left_out = failures.take(str(failure.user.pk))
    if left_out is None:
        return
    change = {
        "previous": "active",
        "current": "invalidated",
        "reason": failure.reason,
        "metadata": dict(failure.metadata),
    }
    audit.record(
        PersonEvent.REFRESH_FAILED,
        actor=actor_of(failure.user),
        subject=subject_of(failure.user),
        outcome=Outcome.FAILURE,
        reason=failure.reason,
        changes={"refreshToken": change},
        details={"unrecorded_before": left_out} if left_out else {},
    )
