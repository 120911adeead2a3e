"""Replacing a secret without an outage: into the vault where the old one rests, else shown once."""

from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.credentials import rotations, services as credentials
from identities.credentials.models import ClientSecret, Delivery, DeliveryStep, Rotation
from identities.credentials.places import place_of
from identities.credentials.selectors import is_live, live_secrets
from identities.errors import Conflict, Invalid
from identities.events import CredentialEvent
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import holding, obstacles, restoring, secrets, write_back
from identities.lifecycle.obstacles import Obstacle
from identities.lifecycle.secrets import Delivered
from identities.vaults.references import SecretReference

log = structlog.get_logger(__name__)
SYSTEM = "write-back"
AT_ONCE = 20


def rotate(
    identity: ManagedIdentity,
    *,
    reason: str,
    actor: Actor,
    store_at: SecretReference | None = None,
    secret: ClientSecret | None = None,
) -> Delivered:
    """Make a new secret beside the old one (`secret`, or the only live one), which works on until evidence ends it.

    It goes to `store_at`, else to where the old one rests, and is shown to nobody then; else its text is answered,
    once. Nothing else of the identity changes (S3-07). Raises Invalid (no reason, no such vault) and Conflict
    (`overlap_still_open`, `nothing_to_rotate`, …) before anything is made. A vault that fails is no error: the
    rotation says what stands in the way, and is tried again by itself. Call it outside a transaction.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why the secret is rotated."]})
    old = _old(identity, secret, timezone.now())
    place = store_at or place_of(old.stored_at)
    secrets.check(place, tenant_id=identity.tenant_id, environment=identity.environment, of=identity)
    return secrets.make(identity, actor=actor, store_at=place, reason=reason.strip())


def deliver_due(at: datetime, *, limit: int = AT_ONCE) -> int:
    """Go on with each delivery whose time has come, of whoever lost it; how many were looked at. Never raises for one
    what is another's trouble."""
    found = holding.due(at, limit=limit)
    for rotation_id in found:
        hold = holding.take(rotation_id, at=at)
        if hold is not None:
            _go_on(hold)
    return len(found)


def resume(rotation: Rotation, *, actor: Actor) -> Rotation:
    """Try a delivery again now, without waiting for its time. Raises Conflict where there is none, or one is at it."""
    with transaction.atomic():
        hold = holding.take(rotation.pk, at=timezone.now())
        if hold is None:
            if Rotation.objects.filter(pk=rotation.pk, deliver_at=None).exists():
                raise Conflict("Nothing of this rotation is left to be delivered.", code="nothing_to_deliver")
            raise Conflict("This delivery is being tried just now.", code="delivery_under_way")
        row = Rotation.objects.select_related("new__identity").get(pk=rotation.pk)
        assert row.new is not None  # noqa: S101 - a delivery is of a secret
        audit.record(
            CredentialEvent.DELIVERY_RESUMED,
            actor=actor,
            subject=credentials.subject_of(row.new),
            details={"rotation_id": str(row.pk), "problem": row.delivery_problem},
        )
    return write_back.carry_on(hold, actor=actor)


def roll_back(rotation: Rotation, *, reason: str, actor: Actor) -> Rotation:
    """Back to the old secret: the vault gets it back first, then the new one ends. Call it outside a transaction.

    Raises Invalid without a reason, Conflict where the rotation has ended or is being delivered, where its old secret
    is dead, or where the old value is not to be had from the vault any more (`old_value_not_in_vault`); and a
    VaultError. Nothing has changed then but, at most, the vault, which holds the old value, and it works.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why it is rolled back."]})
    row = Rotation.objects.select_related("old__identity", "new__identity", "identity").get(pk=rotation.pk)
    if row.ended_at is not None:
        raise Conflict("This rotation has ended.", code="rotation_ended")
    if row.old is not None and not is_live(row.old, timezone.now()):
        raise Conflict("The old secret does not work any more.", code="old_ended")
    if row.delivery == Delivery.VAULT and row.new is not None:
        _stop_delivery(row)
        restoring.restore(row, actor=actor)
    fresh = Rotation.objects.get(pk=row.pk)
    return rotations.roll_back(fresh, reason=reason, actor=actor)


def _stop_delivery(rotation: Rotation) -> None:
    """Nobody writes the new value any more from here on; who is at it loses the hold with the next thing they write."""
    if rotation.delivery_step == DeliveryStep.DONE:
        return
    at = timezone.now()
    if rotation.deliver_at is not None and holding.take(rotation.pk, at=at) is None:
        raise Conflict("The new secret is being put into its vault just now: try again.", code="delivery_under_way")


def _old(identity: ManagedIdentity, secret: ClientSecret | None, at: datetime) -> ClientSecret:
    if secret is not None:
        if not is_live(secret, at):
            raise Conflict("This secret does not work any more: there is nothing to replace.", code="not_live")
        return secret
    live = list(live_secrets(identity, at).order_by("-created_at")[:2])
    if not live:
        raise Conflict(f"Managed identity '{identity.name}' has no live secret.", code="nothing_to_rotate")
    return live[0]


def _go_on(hold: holding.Hold) -> None:
    rotation = Rotation.objects.select_related("identity").get(pk=hold.rotation_id)
    actor = Actor.system(SYSTEM, rotation.identity.tenant_id)
    try:
        write_back.carry_on(hold, actor=actor)
    except Exception as error:  # noqa: BLE001 - one that breaks off does not keep the others waiting
        _broke_off(hold, error, actor)


def _broke_off(hold: holding.Hold, error: Exception, actor: Actor) -> None:
    """Its text is not written down: it may hold what was sent."""
    log.error("delivery_broke_off", rotation_id=str(hold.rotation_id), error=type(error).__name__)
    said = f"Steward itself broke off ({type(error).__name__}); it is tried again."
    obstacles.note(hold, Obstacle("delivery_broke_off", said), actor=actor)
