"""The write-back: a rotation's new secret into its vault, step by step, so that any process can go on from any of them.

`write` puts the text there, `validate` reads it back and has a token minted with it, `promote` puts it in use; only
then does it count as distributed. Between two steps the text is in the vault and in the memory of who made it, and
nowhere else: where it was lost before the vault had it, another takes its place. The old secret works all the while.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit import services as audit
from audit.actors import Actor
from identities.credentials import rotations, services as credentials
from identities.credentials.digests import accepted_digests, is_same
from identities.credentials.models import ClientSecret, DeliveryStep, Rotation, RotationState
from identities.credentials.places import at_version, place_of
from identities.credentials.replacing import replace_undelivered
from identities.errors import DomainError
from identities.events import CredentialEvent
from identities.inventory import locks
from identities.inventory.states import State
from identities.lifecycle import obstacles, proving
from identities.lifecycle.holding import Hold, HoldLost, held, save, secret_of
from identities.lifecycle.obstacles import Obstacle
from identities.lifecycle.proving import NotProven
from identities.vaults import services as vaults
from identities.vaults.base import NONE
from identities.vaults.failures import SecretNotFound, VersionConflict
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText

log = structlog.get_logger(__name__)
NOT_THERE = "secret_read_back_differs"
WRITTEN_OVER = "secret_written_over"


@sensitive_variables("text")
def carry_on(hold: Hold, *, actor: Actor, text: SecretText | None = None) -> Rotation:
    """Do what is left of a delivery, and answer the rotation as it stands then. Call it outside a transaction.

    What a vault can do is no error here: it is `delivery_problem` and `delivery_reason` on the row, with a further try
    at `deliver_at`. `text` is the new secret where the caller has just made it.
    """
    try:
        while (rotation := held(hold)).delivery_step != DeliveryStep.DONE:
            if _is_over(rotation):
                save(hold, deliver_at=None)
                break
            _STEPS[DeliveryStep(rotation.delivery_step)](hold, rotation, text, actor)
            text = None
    except HoldLost:
        log.warning("delivery_taken_over", rotation_id=str(hold.rotation_id))
    except Obstacle as obstacle:
        obstacles.note(hold, obstacle, actor=actor)
    except DomainError as error:
        obstacles.note(hold, obstacles.named(error), actor=actor)
    return Rotation.objects.select_related("new", "old", "identity").get(pk=hold.rotation_id)


def holds(place: SecretReference, version: str | None, wanted: ClientSecret, *, actor: Actor) -> SecretText | None:
    """The text of `wanted`, if that is what the vault gives for this version (None: for the one in use)."""
    identity = wanted.identity
    try:
        found = vaults.read_secret(
            replace(place, version=version), identity.tenant_id, identity.environment, actor=actor
        )
    except SecretNotFound:
        return None
    return found if any(is_same(it, wanted.digest) for it in accepted_digests(found.reveal())) else None


@sensitive_variables("text")
def _write(hold: Hold, rotation: Rotation, text: SecretText | None, actor: Actor) -> None:
    place, where = _place(rotation), _where(rotation)
    if text is None:
        version = vaults.staged_version(place, **where)
        if version != NONE and holds(place, version, secret_of(rotation), actor=actor):
            save(hold, delivery_step=DeliveryStep.VALIDATE, delivery_version=version)
            return
    expected = vaults.newest_version(place, **where)
    save(hold, store_at=at_version(place, expected))
    if text is None:
        text = SecretText(replace_undelivered(rotation, actor=actor).text)
        save(hold)
    version = vaults.stage_secret(place, text, expected_version=expected, actor=actor, **where)
    save(hold, delivery_step=DeliveryStep.VALIDATE, delivery_version=version)


@sensitive_variables("text", "found")
def _validate(hold: Hold, rotation: Rotation, text: SecretText | None, actor: Actor) -> None:
    found = holds(_place(rotation), rotation.delivery_version, secret_of(rotation), actor=actor)
    if found is None:
        said = "The vault does not give back what was written: another secret is written in its place."
        raise Obstacle(NOT_THERE, said, DeliveryStep.WRITE)
    save(hold)
    try:
        proving.prove(secret_of(rotation).identity, found, actor=actor)
    except NotProven as error:
        raise Obstacle(error.code, error.reason) from None
    save(hold, delivery_step=DeliveryStep.PROMOTE)


def _promote(hold: Hold, rotation: Rotation, text: SecretText | None, actor: Actor) -> None:
    place, where = _place(rotation), _where(rotation)
    expected = (rotation.store_at or {}).get("version")
    try:
        vaults.promote_secret(place, rotation.delivery_version, expected_version=expected, actor=actor, **where)
    except (VersionConflict, SecretNotFound) as error:
        raise Obstacle(error.code, error.message, DeliveryStep.WRITE) from None
    if holds(place, None, secret_of(rotation), actor=actor) is None:
        said = "Somebody else wrote to this place in between: the new secret is written again."
        raise Obstacle(WRITTEN_OVER, said, DeliveryStep.WRITE)
    _finish(hold, rotation, actor)


_STEPS: dict[DeliveryStep, Callable[[Hold, Rotation, SecretText | None, Actor], None]] = {
    DeliveryStep.WRITE: _write,
    DeliveryStep.VALIDATE: _validate,
    DeliveryStep.PROMOTE: _promote,
}


@transaction.atomic
def _finish(hold: Hold, rotation: Rotation, actor: Actor) -> None:
    locks.hold([rotation.identity_id])
    secret = secret_of(rotation)
    secret.stored_at = at_version(_place(rotation), rotation.delivery_version)
    secret.save(update_fields=["stored_at"])
    save(
        hold,
        delivery_step=DeliveryStep.DONE,
        deliver_at=None,
        delivery_problem="",
        delivery_reason="",
        delivery_tries=0,
    )
    audit.record(
        CredentialEvent.STORED,
        actor=actor,
        subject=credentials.subject_of(secret),
        details={"stored_at": secret.stored_at, "rotation_id": str(rotation.pk), "validated": True},
    )
    fresh = Rotation.objects.get(pk=rotation.pk)
    if fresh.ended_at is None:
        rotations.mark_distributed(fresh, actor=actor, at=timezone.now())
    Rotation.objects.filter(pk=rotation.pk).update(delivery_held_until=None)


def _is_over(rotation: Rotation) -> bool:
    """Nobody waits for it any more: rolled back, revoked by hand, the identity has gone, or replaced itself by now.

    Where the old one ended first (it leaked, say), all wait for it the more.
    """
    secret = secret_of(rotation)
    is_dead = rotation.state == RotationState.ROLLED_BACK or secret.revoked_at is not None
    if is_dead or secret.identity.state == State.RETIRED:
        return True
    return rotation.ended_at is not None and Rotation.objects.filter(old=secret).exists()


def _place(rotation: Rotation) -> SecretReference:
    found = place_of(rotation.store_at)
    assert found is not None  # noqa: S101 - for the type checker
    return found


def _where(rotation: Rotation) -> dict[str, Any]:
    identity = secret_of(rotation).identity
    return {"tenant_id": identity.tenant_id, "environment": identity.environment}
