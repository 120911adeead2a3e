"""What break-glass used is replaced: into the vault where it rests, else by hand; outside of transactions, and once."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from audit.actors import Actor
from identities.credentials.models import ClientSecret, Rotation
from identities.credentials.selectors import live_keys, live_secrets
from identities.elevations import alarms
from identities.elevations.aftermath import BY_HAND, DUE, ENDER
from identities.elevations.break_glass import record
from identities.elevations.models import BreakGlassGrant, BreakGlassState
from identities.elevations.rows import hold
from identities.errors import DomainError
from identities.events import BreakGlassEvent
from identities.inventory.vocabulary import Issuance
from identities.lifecycle import rotations

log = structlog.get_logger(__name__)
AT_ONCE = 5
UNDER_WAY = "under_way"
ROTATED = "rotated"
NOTHING = "nothing"
#: Whoever takes one has so long; after that somebody else does.
HOLD = timedelta(minutes=5)
REASON = "It was used with break-glass"
NO_VAULT = "Its secret rests in no vault: a new one would have to be shown to somebody."
ELSEWHERE = "It is issued elsewhere."


def replace_due(at: datetime, *, limit: int = AT_ONCE) -> int:
    """Replace what is due, of whoever lost it; answers how many were looked at. One query where none is."""
    over = Q(state__in=[BreakGlassState.REVIEW, BreakGlassState.CLOSED])
    rows = BreakGlassGrant.objects.filter(over, rotation__state__in=[DUE, UNDER_WAY]).order_by("use_ends_at")
    found = [row.pk for row in rows[:limit] if _is_free(row, at)]
    for key in found:
        if (row := _take(key, at)) is not None:
            _replace(row)
    return len(found)


@transaction.atomic
def _take(key: UUID, at: datetime) -> BreakGlassGrant | None:
    row = hold(BreakGlassGrant.objects.get(pk=key))
    if not _is_free(row, at):
        return None
    row.rotation = {"state": UNDER_WAY, "text": "What it used is being replaced.", "since": at.isoformat()}
    row.save(update_fields=["rotation"])
    return row


def _is_free(row: BreakGlassGrant, at: datetime) -> bool:
    if row.rotation.get("state") == DUE:
        return True
    since = parse_datetime(str(row.rotation.get("since") or ""))
    return row.rotation.get("state") == UNDER_WAY and (since is None or since + HOLD <= at)


def _replace(row: BreakGlassGrant) -> None:
    """Raises nothing: what stands in the way is said on the row, and a person is told."""
    begun = _begun(row)
    if begun is None:
        secret, why = _resting(row)
        if secret is None:
            _settle(row, BY_HAND if why else NOTHING, why or "It has no live credential.")
            return
        try:
            actor = Actor.system(ENDER.id, row.tenant_id)
            delivered = rotations.rotate(row.identity, reason=REASON, actor=actor, secret=secret)
        except DomainError as error:
            _settle(row, BY_HAND, error.message)
            return
        except Exception as error:  # noqa: BLE001 - one that breaks off does not keep the others waiting
            # Its text may hold what was sent; after HOLD it is tried again.
            log.error("break_glass.rotation_broke_off", grant_id=str(row.pk), error=type(error).__name__)  # noqa: TRY400
            return
        begun = delivered.rotation
    _settle(row, ROTATED, "A new secret takes its place in the vault.", begun)


def _begun(row: BreakGlassGrant) -> Rotation | None:
    """The rotation that a worker began who was lost before he could say so."""
    return Rotation.objects.filter(identity_id=row.identity_id, reason=REASON, started_at__gte=row.use_ends_at).first()


def _resting(row: BreakGlassGrant) -> tuple[ClientSecret | None, str]:
    """The live secret in a vault, if it is all that opens the door; else why a hand is needed, empty where none is."""
    at, identity = timezone.now(), row.identity
    if identity.issuance == Issuance.EXTERNAL:
        return None, ELSEWHERE
    live = list(live_secrets(identity, at).order_by("-created_at"))
    if live_keys(identity, at).exists() or any(not secret.stored_at for secret in live):
        return None, NO_VAULT if live else "It proves itself with a key of its own."
    return (live[0], "") if live else (None, "")


@transaction.atomic
def _settle(row: BreakGlassGrant, state: str, text: str, rotation: Rotation | None = None) -> None:
    locked = hold(row)
    locked.rotation = {"state": state, "text": text}
    if rotation is not None:
        locked.rotation["rotation_id"] = str(rotation.pk)
    locked.save(update_fields=["rotation"])
    actor = Actor.system(ENDER.id, row.tenant_id)
    record(BreakGlassEvent.ROTATED, locked, actor, text, rotation=state, rotation_id=str(getattr(rotation, "pk", "")))
    if state == BY_HAND:
        alarms.rotate_by_hand(locked, text)
