"""Run in a process of its own: makes tables and a few identities, prints what the benchmark needs as one JSON line."""

import json
import os
import sys
from datetime import timedelta

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.seed_settings"

CROWD = 2_000


def main() -> None:
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    from identities.tokens import services as tokens

    tokens.ensure_signing_key()
    sys.stdout.write(json.dumps(_company()) + "\n")


def _company() -> dict[str, str]:
    """One identity that asks for tokens, with two roles, among a crowd that only fills the tables."""
    from django.utils import timezone

    from audit.actors import Actor
    from identities.access.models import Role, RoleBinding
    from identities.credentials import services as credentials
    from identities.inventory.models import ManagedIdentity
    from identities.people.models import Tenant

    tenant = Tenant.objects.create(name="Bench", slug="bench")
    facts = {"tenant": tenant, "environment": "production", "purpose": "benchmark"}
    ManagedIdentity.objects.bulk_create(
        ManagedIdentity(client_id=f"mi_crowd{number}", name=f"crowd-{number}", **facts) for number in range(CROWD)
    )
    bot = ManagedIdentity.objects.create(client_id="mi_0000000000000000000001", name="bench-bot", **facts)
    now = timezone.now()
    for name in ("payroll", "reports"):
        role = Role.objects.create(tenant=tenant, name=name, permissions=["identity.read", "run.read"])
        RoleBinding.objects.create(
            identity=bot, role=role, valid_from=now, valid_until=now + timedelta(days=1), reason="benchmark"
        )
    issued = credentials.issue(bot, actor=Actor.system("benchmarks"))
    return {"client_id": bot.client_id, "secret": issued.text, "identity_id": str(bot.id)}


if __name__ == "__main__":
    main()
