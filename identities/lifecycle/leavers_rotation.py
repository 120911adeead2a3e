"""What a leaver saw is replaced one by one, each put into its vault; a worker that dies loses nothing."""

from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from audit.actors import Actor
from identities.credentials.models import Rotation, SecretShowing
from identities.credentials.selectors import is_live
from identities.errors import DomainError
from identities.lifecycle import rotations
from identities.lifecycle.leavers import NO_VAULT, places_of
from identities.people.actors import actor_of

log = structlog.get_logger(__name__)
SYSTEM = "custody"
AT_ONCE = 5
#: Whoever takes one has so long; after that somebody else does.
HOLD = timedelta(minutes=5)
#: A rotation that is under way has to end before the next may begin.
LATER = timedelta(hours=1)


def rotate_due(at: datetime, *, limit: int = AT_ONCE) -> int:
    """Replace what waits, each outside of a transaction; answers how many were looked at. One query where none does."""
    due = SecretShowing.objects.filter(rotate_at__lte=at).order_by("rotate_at")
    found = list(due.values_list("pk", flat=True)[:limit])
    for key in found:
        # Whoever moves the date has it; a worker that dies gives it back by the date passing.
        if SecretShowing.objects.filter(pk=key, rotate_at__lte=at).update(rotate_at=at + HOLD):
            _rotate(SecretShowing.objects.select_related("secret__identity", "person", "rotate_asked_by").get(pk=key))
    return len(found)


def _rotate(row: SecretShowing) -> None:
    secret, at = row.secret, timezone.now()
    open_one = Rotation.objects.filter(identity_id=secret.identity_id, ended_at=None).first()
    if not is_live(secret, at) or (open_one is not None and open_one.old_id == secret.pk):
        _settle(row)
        return
    if open_one is not None and open_one.new_id == secret.pk:
        _settle(row, "It replaces another just now; it is replaced itself when that is over.", again=at + LATER)
        return
    place = places_of({secret.identity_id}).get(secret.identity_id)
    if place is None:
        _settle(row, NO_VAULT)
        return
    by = row.rotate_asked_by
    actor = actor_of(by) if by is not None else Actor.system(SYSTEM, secret.identity.tenant_id)
    try:
        rotations.rotate(secret.identity, reason=row.rotate_reason, actor=actor, store_at=place, secret=secret)
    except DomainError as error:
        _settle(row, error.message)
    except Exception as error:  # noqa: BLE001 - one that breaks off does not keep the others waiting
        # Its text may hold what was sent.
        log.error("rotation_broke_off", credential_id=str(secret.pk), error=type(error).__name__)  # noqa: TRY400
        _settle(row, f"Steward itself broke off ({type(error).__name__}); it is tried again.", again=at + HOLD)
    else:
        _settle(row)


def _settle(row: SecretShowing, problem: str = "", *, again: datetime | None = None) -> None:
    SecretShowing.objects.filter(pk=row.pk).update(rotate_at=again, rotate_problem=problem)
