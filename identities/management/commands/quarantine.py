"""`quarantine CLIENT_ID --reason TEXT`: stop an identity everywhere, now."""

import json as formats
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actors import Actor
from audit.moments import zulu
from identities.errors import DomainError, Missing
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.lifecycle.selectors import phase_of
from identities.people.home import home
from identities.people.models import Tenant

BAD_USAGE = 2


class Command(BaseCommand):
    help = (
        "Stop an identity everywhere, now: its tokens die, its secrets open nothing, its schedules pause, its "
        "runs stop before their next step, and the evidence is frozen. What is left to do elsewhere is listed as its "
        "runbook. Only a person ends it, in the portal."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client_id", metavar="CLIENT_ID", help="the identity's client id, as on its page")
        parser.add_argument("--reason", default="", help="why; kept in the audit")
        parser.add_argument("--tenant", default="", metavar="SLUG", help="default: the first ADMIN's own")
        parser.add_argument("--json", action="store_true", help="print the quarantine as JSON")

    def handle(self, *, client_id: str, reason: str, tenant: str = "", json: bool = False, **_: Any) -> None:
        if not reason.strip():
            raise CommandError("Say why, with --reason.", returncode=BAD_USAGE)
        try:
            of = home(tenant)
        except Missing as error:
            raise CommandError(error.message, returncode=BAD_USAGE) from error
        try:
            row = quarantine(_identity(of, client_id), reason=reason, actor=Actor.system("quarantine", of.pk))
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(formats.dumps(_members(row), indent=2) if json else _words(row))


def _identity(of: Tenant, client_id: str) -> ManagedIdentity:
    found = ManagedIdentity.objects.filter(tenant=of, client_id=client_id).first()
    if found is None:
        raise Missing(f"There is no managed identity {client_id[:64]} in tenant {of.slug}.")
    return found


def _members(row: Quarantine) -> dict[str, Any]:
    lines = [{"kind": line.kind, "text": line.text, "isRequired": line.is_required} for line in row.lines.all()]
    return {
        "id": str(row.pk),
        "identityId": str(row.identity_id),
        "clientId": row.identity.client_id,
        "name": row.identity.name,
        "state": row.identity.state,
        "phase": phase_of(row).value,
        "calledAt": zulu(row.called_at),
        "containedAt": zulu(row.contained_at) if row.contained_at else None,
        "completeAt": zulu(row.complete_at) if row.complete_at else None,
        "residualUntil": zulu(row.residual_until) if row.residual_until else None,
        "evidenceDigest": row.evidence_digest,
        "effects": row.effects.get("said") or {},
        "lines": lines,
    }


def _words(row: Quarantine) -> str:
    seconds = (row.contained_at - row.called_at).total_seconds() if row.contained_at else 0
    said = [f"{row.identity.name} is quarantined: contained here in {seconds:.2f} s."]
    said += [f"  {text}" for text in (row.effects.get("said") or {}).values()]
    if row.residual_until is not None:
        said.append(f"  Who verifies offline may take a token until {row.residual_until:%Y-%m-%d %H:%M:%S} UTC.")
    lines = list(row.lines.all())
    if row.complete_at is None:
        said.append("Contained here, not yet there: where it is issued, the required lines are still to be done.")
    if lines:
        said.append("Left to do:")
        said += [f"  [{'!' if line.is_required else ' '}] {line.text}" for line in lines]
    return "\n".join(said)
