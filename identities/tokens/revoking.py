"""Ending tokens before their time: one by its jti, or all of an identity by an instant."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.errors import Missing
from identities.events import TokenEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import subject_of
from identities.statements.prepared import update_many
from identities.tokens.models import IssuedToken
from identities.tokens.revocations import revocations

KEPT_FOR = timedelta(days=1)
BATCH = 5_000


@transaction.atomic
def revoke(jti: uuid.UUID, *, actor: Actor, reason: str = "") -> IssuedToken:
    """End one token now; a second time changes nothing. Raises Missing for an unknown jti.

    Dead here at once, at our other processes within five seconds; who verifies offline without the feed waits for
    `exp`.
    """
    rows = IssuedToken.objects.select_for_update(no_key=True, of=("self",)).select_related("identity")
    token = rows.filter(jti=jti).first()
    if token is None:
        raise Missing("There is no such token.")
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit.record(
            TokenEvent.REVOKED,
            actor=actor,
            subject=subject_of(token.identity),
            reason=reason,
            details={"jti": str(jti)},
        )
        _changed()
    return token


@transaction.atomic
def kill_tokens(identity: ManagedIdentity, *, actor: Actor, reason: str = "") -> datetime:
    """Every token issued to `identity` up to now is dead; answers that instant, which is also set on `identity`.

    The instant never moves backwards. Tokens minted later carry a later `iat` (see `minting.mint`); those whose `iat`
    was put into the next second by an earlier kill end one by one.
    """
    locked = ManagedIdentity.objects.select_for_update(no_key=True, of=("self",)).get(pk=identity.pk)
    previous = locked.tokens_revoked_at
    now = timezone.now()
    instant = now if previous is None else max(now, previous)
    ManagedIdentity.objects.filter(pk=locked.pk).update(tokens_revoked_at=instant)
    IssuedToken.objects.filter(identity=locked, issued_at__gt=instant, revoked_at=None).update(revoked_at=instant)
    identity.tokens_revoked_at = instant
    audit.record(
        TokenEvent.REVOKED,
        actor=actor,
        subject=subject_of(locked),
        reason=reason,
        changes={
            "tokens_revoked_at": {
                "previous": previous.isoformat() if previous else None,
                "current": instant.isoformat(),
            }
        },
    )
    _changed()
    return instant


@transaction.atomic
def kill_tokens_held(identities: Sequence[ManagedIdentity], *, actor: Actor, reason: str = "") -> None:
    """As `kill_tokens` for each of these, in three statements; the caller holds the rows, as the database has them."""
    now, events = timezone.now(), []
    for identity in identities:
        previous = identity.tokens_revoked_at
        identity.tokens_revoked_at = now if previous is None else max(now, previous)
        said = {"previous": previous.isoformat() if previous else None}
        said["current"] = identity.tokens_revoked_at.isoformat()
        changed = {"tokens_revoked_at": said}
        subject = subject_of(identity)
        events.append(audit.compose(TokenEvent.REVOKED, actor=actor, subject=subject, reason=reason, changes=changed))
    update_many(identities, ["tokens_revoked_at"])
    late = IssuedToken.objects.filter(identity__in=identities, issued_at__gt=F("identity__tokens_revoked_at"))
    late = late.filter(revoked_at=None)
    IssuedToken.objects.filter(pk__in=late.values("pk")).update(revoked_at=now)
    audit.record_many(events)
    _changed()


def remove_ended(at: datetime, *, limit: int = BATCH) -> int:
    """Delete rows of tokens that ended more than a day before `at`, oldest first, at most `limit`; answers how many.

    The audit keeps who had which token; the row is only needed while somebody could show it.
    """
    ended = (
        IssuedToken.objects.filter(expires_at__lt=at - KEPT_FOR).order_by("expires_at").values_list("jti", flat=True)
    )
    removed, _ = IssuedToken.objects.filter(jti__in=list(ended[:limit])).delete()
    return removed


def _changed() -> None:
    revocations.forget()
    transaction.on_commit(revocations.forget)
