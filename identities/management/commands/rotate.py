"""`rotate`: a new secret for one identity, into the vault where the old one rests, else printed once."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actors import Actor
from audit.moments import zulu
from identities.credentials.models import Delivery, DeliveryStep, Rotation
from identities.errors import DomainError, Missing
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import rotations
from identities.lifecycle.secrets import Delivered
from identities.people.home import home
from identities.people.models import Tenant

BAD_USAGE = 2
WHY = "Rotated on the command line"


class Command(BaseCommand):
    help = (
        "Make a new secret for a managed identity. Where the old one rests in a vault the new one is put there and "
        "never shown; else it is printed, once. The old one works until it has been silent for its time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client_id", metavar="CLIENT_ID", help="the client id, mi_…")
        parser.add_argument("--reason", default=WHY, help="why, for the record")
        parser.add_argument("--resume", action="store_true", help="try the delivery of the open rotation again, now")
        parser.add_argument("--tenant", default="", metavar="SLUG", help="default: the first ADMIN's own")
        parser.add_argument("--json", action="store_true", help="print as JSON")

    def handle(self, *, client_id: str, reason: str, resume: bool, tenant: str, **options: Any) -> None:
        try:
            where = home(tenant)
        except Missing as error:
            raise CommandError(error.message, returncode=BAD_USAGE) from error
        try:
            identity = _identity(client_id, where)
            actor = Actor.system("rotate", where.pk)
            made = _resumed(identity, actor) if resume else rotations.rotate(identity, reason=reason, actor=actor)
        except DomainError as error:
            raise CommandError(error.message) from error
        self._tell(made, identity, as_json=options["json"])

    def _tell(self, made: Delivered, identity: ManagedIdentity, *, as_json: bool) -> None:
        rotation = made.rotation
        if as_json:
            self.stdout.write(json.dumps(_as_json(made, identity), indent=2))
        elif made.text:
            self.stdout.write(made.text)
            self.stderr.write("This is shown once.")
        if rotation is not None and rotation.delivery_step != DeliveryStep.DONE:
            raise CommandError(
                f"The new secret of {identity.name} is not in its vault yet ({rotation.delivery_problem}): "
                f"{rotation.delivery_reason} The old one works on, and it is tried again by itself."
            )
        if not as_json and not made.text:
            self.stdout.write(f"The new secret of {identity.name} is in its vault; a token was minted with it.")


def _identity(client_id: str, tenant: Tenant) -> ManagedIdentity:
    found = ManagedIdentity.objects.filter(client_id=client_id, tenant=tenant).first()
    if found is None:
        raise Missing(f"There is no managed identity {client_id[:64]} in tenant {tenant.slug}.")
    return found


def _resumed(identity: ManagedIdentity, actor: Actor) -> Delivered:
    rotation = Rotation.objects.filter(identity=identity, ended_at=None, delivery=Delivery.VAULT).first()
    if rotation is None:
        raise Missing(f"No rotation of {identity.name} is on its way into a vault.")
    resumed = rotations.resume(rotation, actor=actor)
    assert resumed.new is not None  # noqa: S101 - a delivery is of a secret
    return Delivered(secret=resumed.new, text=None, rotation=resumed)


def _as_json(made: Delivered, identity: ManagedIdentity) -> dict[str, Any]:
    rotation = made.rotation
    told: dict[str, Any] = {
        "clientId": identity.client_id,
        "id": str(made.secret.pk),
        "rotateBy": zulu(made.secret.rotate_by),
        "storedAt": made.secret.stored_at,
    }
    if rotation is not None:
        told |= {
            "rotationId": str(rotation.pk),
            "cutoverDeadline": zulu(rotation.cutover_deadline),
            "deliveryStep": str(rotation.delivery_step),
            "deliveryProblem": rotation.delivery_problem,
        }
    return told | ({"clientSecret": made.text} if made.text else {})
