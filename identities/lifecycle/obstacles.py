"""What stands in the way of a delivery: a named state on the row, a record, and after some tries in vain a notice."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from audit.events import Outcome
from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret, DeliveryStep, Rotation
from identities.errors import DomainError, Invalid
from identities.events import CredentialEvent
from identities.inventory.answering import answer_for
from identities.lifecycle import holding
from identities.lifecycle.holding import Hold, HoldLost
from identities.people import notices
from identities.vaults.failures import VaultError

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=15)
#: So many tries in vain, and whoever answers for the identity is told.
PATIENCE = 3


class Obstacle(Exception):
    """What stands in the way, as a stable code and a sentence; `again_from` names the step to go back to."""

    def __init__(self, code: str, reason: str, again_from: DeliveryStep | None = None) -> None:
        super().__init__(code)
        self.code, self.reason, self.again_from = code, reason, again_from


def named(error: DomainError) -> Obstacle:
    """What a vault or a door of ours said, as an obstacle."""
    code = error.code if isinstance(error, VaultError) or not isinstance(error, Invalid) else "vault_reference_refused"
    return Obstacle(code, error.message)


def _pause(tries: int) -> timedelta:
    doubled: timedelta = FIRST_PAUSE * (1 << min(tries - 1, 10))
    return min(doubled, LONGEST_PAUSE)


def note(hold: Hold, obstacle: Obstacle, *, actor: Actor) -> None:
    """Write it down and let go: the next try comes at `deliver_at`, later each time."""
    at = timezone.now()
    with suppress(HoldLost), transaction.atomic():
        rows = Rotation.objects.select_related("new__identity").filter(pk=hold.rotation_id)
        rotation = rows.filter(delivery_held_until=hold.until).first()
        if rotation is None:
            return
        tries = rotation.delivery_tries + 1
        facts: dict[str, Any] = {"delivery_step": obstacle.again_from} if obstacle.again_from else {}
        holding.save(
            hold,
            delivery_problem=obstacle.code[:64],
            delivery_reason=obstacle.reason,
            delivery_tries=tries,
            deliver_at=at + _pause(tries),
            **facts,
        )
        Rotation.objects.filter(pk=rotation.pk).update(delivery_held_until=None)
        if obstacle.code != rotation.delivery_problem:
            _record(rotation, holding.secret_of(rotation), obstacle, actor)
        if tries == PATIENCE:
            _tell(rotation, holding.secret_of(rotation), obstacle)


def _record(rotation: Rotation, secret: ClientSecret, obstacle: Obstacle, actor: Actor) -> None:
    log.warning("delivery_failed", rotation_id=str(rotation.pk), code=obstacle.code, step=rotation.delivery_step)
    audit.record(
        CredentialEvent.DELIVERY_FAILED,
        actor=actor,
        subject=credentials.subject_of(secret),
        outcome=Outcome.FAILURE,
        reason=obstacle.reason,
        details={
            "identity_id": str(secret.identity_id),
            "rotation_id": str(rotation.pk),
            "step": rotation.delivery_step,
            "code": obstacle.code,
            "stored_at": rotation.store_at,
        },
    )


def _tell(rotation: Rotation, secret: ClientSecret, obstacle: Obstacle) -> None:
    identity = secret.identity
    notices.tell(
        answer_for(identity),
        tenant_id=identity.tenant_id,
        kind="delivery_failed",
        key=f"delivery {rotation.pk}",
        subject=f"The new secret of {identity.name} is not in its vault yet",
        text=f"{obstacle.reason} The old secret works on, and Steward tries again by itself.",
        about=credentials.subject_of(secret),
    )
