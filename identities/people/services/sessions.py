"""Ending sessions: the refresh tokens of a sign-in, and with them its access token."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.errors import Invalid
from identities.events import PersonEvent
from identities.people import refresh_tokens
from identities.people.actors import subject_of
from identities.people.models import RefreshToken, User
from identities.people.refresh_reasons import Cause
from identities.people.refresh_tokens import NotOurs

KEPT_FOR = timedelta(days=90)
BATCH = 500


def end_all(user: User, cause: Cause) -> int:
    """End every session of this account, in the caller's transaction; answers how many were open."""
    return RefreshToken.objects.filter(user=user).invalidate(reason=cause, at=timezone.now())


def end_family(family: UUID, cause: Cause) -> int:
    """End one session, in the caller's transaction."""
    return RefreshToken.objects.filter(family=family).invalidate(reason=cause, at=timezone.now())


def end_everybodys(cause: Cause) -> int:
    """End every session there is, at the API and in browsers, in the caller's transaction; answers how many."""
    in_browsers, _ = Session.objects.filter(expire_date__gt=timezone.now()).delete()
    return in_browsers + RefreshToken.objects.invalidate(reason=cause, at=timezone.now())


@transaction.atomic
def sign_out(
    user: User, *, actor: Actor, refresh_token: str = "", family: UUID | None = None, everywhere: bool = False
) -> int:
    """End the session that is named by its refresh token or its family, or all of them; answers how many ended.

    Access tokens of an ended session are refused from then on. One that had ended before is no error, and no record:
    whoever found its token could go on for ever. Raises Invalid for a refresh token that is not this account's.
    """
    # The account before its tokens, as a refresh has it.
    User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
    families = {family} if family else set()
    if refresh_token:
        families.add(_family_of(refresh_token, user))
    rows = RefreshToken.objects.filter(user=user)
    rows = rows if everywhere else rows.filter(family__in=families)
    ended = rows.invalidate(reason=Cause.SIGNED_OUT, at=timezone.now())
    if ended or not refresh_token:
        audit.record(PersonEvent.SIGNED_OUT, actor=actor, subject=subject_of(user), details={"sessions_ended": ended})
    return ended


def owner_of(refresh_token: str, *, must_work: bool = False) -> User | None:
    """Whose session this refresh token belongs to, whether it still opens anything or not; None for any other text.

    `must_work`: None for one that opens nothing any more, too.
    """
    try:
        claims = refresh_tokens.read(refresh_token)
    except NotOurs:
        return None
    rows = RefreshToken.objects.filter(pk=claims.refresh_id)
    rows = rows.open().filter(expires_at__gt=timezone.now()) if must_work else rows
    return User.objects.filter(pk=claims.user_id, is_active=True, refresh_tokens__in=rows).first()


def remove_ended(at: datetime, *, limit: int = BATCH) -> int:
    """Delete refresh tokens that were past their end ninety days before `at`, at most `limit`; answers how many.

    Such a text fails before its row is looked for. Until then the rows tell when an account was in use; for good the
    audit does.
    """
    ended = RefreshToken.objects.filter(expires_at__lt=at - KEPT_FOR).order_by().values_list("pk", flat=True)
    removed, _ = RefreshToken.objects.filter(pk__in=list(ended[:limit])).delete()
    return removed


def _family_of(text: str, user: User) -> UUID:
    try:
        claims = refresh_tokens.read(text)
    except NotOurs:
        row = None
    else:
        row = RefreshToken.objects.filter(pk=claims.refresh_id, user=user).first()
    if row is None:
        raise Invalid({"refresh_token": ["There is no such session."]})
    return row.family
