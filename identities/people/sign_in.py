"""Signing in and staying signed in: passwords, refresh tokens, and what is recorded of both.

The access token is not made here: tokens live above this floor, the face puts the two together.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.contrib.auth.hashers import check_password, is_password_usable
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor, Subject
from audit.events import Outcome
from identities import throttle
from identities.errors import Refused
from identities.events import PersonEvent
from identities.people import passwords, refresh_tokens, selectors, tries
from identities.people.actors import actor_of, subject_of
from identities.people.models import RefreshToken, User
from identities.people.refresh_tokens import Claims, NotOurs
from identities.people.services import PASSWORD_ROTATED, TOKEN_INVALIDATED

NOBODY = "nobody"

log = structlog.get_logger(__name__)
refusals = throttle.Allowance("sign-in-refused", a_minute=20)


class RefreshFailed(Refused):
    """A refresh token that opens nothing; `reason` is one word of document 2's list."""

    code = "refresh_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The refresh token is not accepted: {reason}.")
        self.reason = reason


@dataclass(frozen=True)
class Session:
    """A sign-in or its continuation: who, and the refresh token, whose text exists nowhere else."""

    user: User
    refresh_token: str = field(repr=False)
    refresh_expires_in: int
    refresh_id: UUID


@dataclass(frozen=True)
class _Failure:
    reason: str
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
def open_session(user: User, *, source: str = "login") -> Session:
    """Begin a session for somebody whose password was checked: one row, one record (two for a service user)."""
    at = timezone.now()
    _note_entry(user, source, at)
    return _issue(user, family=uuid4(), source=source, at=at)


@transaction.atomic
def record_entry(user: User, *, source: str = "admin") -> None:
    """Record a sign-in that opened no API session, such as the admin's."""
    _note_entry(user, source, timezone.now())


def _note_entry(user: User, source: str, at: datetime) -> None:
    User.objects.filter(pk=user.pk).update(last_login=at)
    user.last_login = at
    audit.record(PersonEvent.SIGNED_IN, actor=actor_of(user), subject=subject_of(user), details={"source": source})


@transaction.atomic
def record_refusal(email: str, *, reason: str = "invalid_credentials", source: str = "login") -> None:
    """Record a sign-in that failed, at most twenty a minute for each account; all unknown ones share one allowance.

    An address nobody has is recorded as claimed, without a tenant. Those left out are counted; the next record says
    how many.
    """
    label = claimed_address(email)
    user = selectors.by_email(label)
    left_out = refusals.take(str(user.pk) if user else NOBODY)
    if left_out is None:
        return
    subject = subject_of(user) if user else Subject(kind="user", id="", label=label)
    audit.record(
        PersonEvent.SIGN_IN_REFUSED,
        actor=Actor.anonymous(label),
        subject=subject,
        outcome=Outcome.DENIED,
        reason=reason,
        details={"source": source} | ({"unrecorded_before": left_out} if left_out else {}),
    )


def claimed_address(text: str) -> str:
    """What may be kept of an address somebody signs in with: whoever types a password into the wrong field must not
    find it in a log, a table or the audit."""
    claimed = text.strip().lower()[:254]
    try:
        validate_email(claimed)
    except ValidationError:
        return "not an address"
    return claimed


def refresh(text: str) -> Session:
    """Change a refresh token for a new session of the same family; each works once (S2-21).

    Raises RefreshFailed with `verification-failed invalid-payload missing-refresh-state token-invalidated
    password-rotated refresh-id-mismatch hash-mismatch`. A token used twice is a token in two hands: its whole family
    ends. Failures are recorded and logged whatever becomes of the caller's transaction.
    """
    at = timezone.now()
    with transaction.atomic():
        outcome = _attempt(text, at)
        if isinstance(outcome, Session):
            return outcome
        _record_failure(outcome)
    log.warning(
        "auth.refresh.failure",
        userId=str(outcome.user.pk) if outcome.user else None,
        reason=outcome.reason,
        metadata=dict(outcome.metadata),
    )
    raise RefreshFailed(outcome.reason)


def _attempt(text: str, at: datetime) -> Session | _Failure:
    try:
        claims = refresh_tokens.read(text, at)
    except NotOurs as exc:
        return _Failure(exc.reason)
    row = RefreshToken.objects.select_for_update().filter(pk=claims.refresh_id, user_id=claims.user_id).first()
    user = selectors.active_user(claims.user_id)
    metadata = {"refreshTokenId": str(claims.refresh_id)}
    if row is None:
        return _Failure("missing-refresh-state", user, metadata)
    if (reason := _objection(row, user, text)) is not None:
        if reason in {"refresh-id-mismatch", "hash-mismatch"}:
            RefreshToken.objects.filter(family=row.family).invalidate(reason=reason, at=at)
        return _Failure(reason, row.user, metadata)
    # Compare and set: of two who come with the same token at once, one finds no row left to take.
    if not RefreshToken.objects.filter(pk=row.pk).open().update(used_at=at):
        RefreshToken.objects.filter(family=row.family).invalidate(reason="refresh-id-mismatch", at=at)
        return _Failure("refresh-id-mismatch", row.user, metadata)
    details = {**metadata, "source": "refresh"}
    audit.record(PersonEvent.SESSION_CONTINUED, actor=actor_of(row.user), subject=subject_of(row.user), details=details)
    return _issue(row.user, family=row.family, source="refresh", at=at)


def _objection(row: RefreshToken, user: User | None, text: str) -> str | None:
    if row.invalidated_at is not None or user is None:
        return PASSWORD_ROTATED if row.reason == PASSWORD_ROTATED else TOKEN_INVALIDATED
    if row.used_at is not None:
        return "refresh-id-mismatch"
    if not hmac.compare_digest(row.token_hash, refresh_tokens.digest(text)):
        return "hash-mismatch"
    return None


def _issue(user: User, *, family: UUID, source: str, at: datetime) -> Session:
    lifetime = timedelta(seconds=settings.AUTH_REFRESH_TOKEN_TTL)
    claims = Claims(user_id=user.pk, refresh_id=uuid4(), expires_at=at + lifetime)
    text = refresh_tokens.write(claims)
    RefreshToken.objects.create(
        id=claims.refresh_id,
        user=user,
        token_hash=refresh_tokens.digest(text),
        family=family,
        issued_at=at,
        expires_at=claims.expires_at,
    )
    if user.is_agent:
        _record_service_token(user, claims, source, at)
    return Session(user, text, int(lifetime.total_seconds()), claims.refresh_id)


def _record_service_token(user: User, claims: Claims, source: str, at: datetime) -> None:
    change = {
        "previous": None,
        "current": "issued",
        "source": source,
        "refreshTokenId": str(claims.refresh_id),
        "issuedAt": at.isoformat(),
    }
    audit.record(
        PersonEvent.TOKEN_ISSUED, actor=actor_of(user), subject=subject_of(user), changes={"serviceToken": change}
    )


def _record_failure(failure: _Failure) -> None:
    """A text that is not ours names nobody: it is logged, and cannot be used to fill the audit."""
    if failure.user is None:
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
    )
