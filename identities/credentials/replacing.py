"""A new secret whose text was lost before any vault had it is replaced by another, within the same rotation."""

from django.db import transaction
from django.utils import timezone

from audit import changes, keys, services as audit
from audit.actors import Actor
from identities.credentials import rotation_facts, services as credentials
from identities.credentials.digests import digest
from identities.credentials.models import ClientSecret, Rotation, RotationState
from identities.credentials.secret_format import generate
from identities.errors import Conflict
from identities.events import CredentialEvent
from identities.inventory import locks

LOST = "Its text was lost before the vault had it; another took its place."


@transaction.atomic
def replace_undelivered(rotation: Rotation, *, actor: Actor) -> credentials.Issued:
    """End the rotation's new secret, which nobody has, and issue another in its place; the old one is not touched.

    Never are more than two live. Raises Conflict where the rotation was rolled back, or its new secret was ended by
    another hand or is being replaced itself.
    """
    at = timezone.now()
    locks.hold([rotation.identity_id])
    locked = Rotation.objects.select_for_update(no_key=True).get(pk=rotation.pk)
    found = ClientSecret.objects.select_for_update(no_key=True, of=("self",)).select_related("identity")
    lost = found.get(rotations_to=locked)
    is_over = locked.state == RotationState.ROLLED_BACK or lost.revoked_at is not None
    if is_over or lost.rotations_from.exists():
        raise Conflict("This rotation has ended.", code="rotation_ended")
    lost.revoked_at, lost.revoked_reason = at, LOST
    lost.save(update_fields=["revoked_at", "revoked_reason"])
    text = generate(lost.identity.environment)
    made = ClientSecret.objects.create(
        identity=lost.identity,
        digest=digest(text),
        digest_key=keys.key_id(),
        hint=text[-credentials.HINT_LENGTH :],
        created_at=at,
        created_by=lost.created_by,
        stored_at=lost.stored_at,
        rotate_by=lost.rotate_by + (at - lost.created_at),
        expires_at=lost.expires_at,
    )
    Rotation.objects.filter(pk=locked.pk).update(new=made)
    rotation_facts.refresh([lost.identity_id])
    _record(lost, made, locked, actor)
    return credentials.Issued(secret=made, text=text)


def _record(lost: ClientSecret, made: ClientSecret, rotation: Rotation, actor: Actor) -> None:
    details = {"identity_id": str(lost.identity_id), "rotation_id": str(rotation.pk), "stored_at": made.stored_at}
    audit.record(
        CredentialEvent.REVOKED,
        actor=actor,
        subject=credentials.subject_of(lost),
        reason=LOST,
        changes=changes.made({"revoked_at": made.created_at.isoformat()}),
        details={**details, "hint": lost.hint},
    )
    audit.record(
        CredentialEvent.ISSUED,
        actor=actor,
        subject=credentials.subject_of(made),
        reason=LOST,
        details={**details, "hint": made.hint, "rotate_by": made.rotate_by.isoformat()},
    )
