"""What schedules read already, they may read: a grant for each, as one is written with a schedule that is saved now."""

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.db import migrations
from django.utils import timezone

YEAR = timedelta(days=365)
OPEN = ("due", "claimed", "running")
PORTS = {"https": 443, "http": 80}
BATCH = 500


def grant(apps, schema_editor):
    """One for each reading of a schedule, and for each run that is under way."""
    rows = (
        apps.get_model("scheduling", "Schedule")
        .objects.select_related("workflow")
        .filter(deleted_at=None)
        .order_by("pk")
    )
    for schedule in rows.iterator(chunk_size=BATCH):
        told = [(schedule.managed_identity_id, schedule.secret_reference)]
        told += [(node.get("managedIdentityId"), node.get("secretReference")) for node in schedule.workflow.nodes]
        write(apps, schedule, told)
    # A run that is under way reads what its schedule read when it was made.
    runs = apps.get_model("scheduling", "ScheduleRun").objects.select_related("schedule").filter(state__in=OPEN)
    for run in runs.order_by("pk").iterator(chunk_size=BATCH):
        write(apps, run.schedule, [(run.identity_id, run.secret_reference)])


def write(apps, schedule, told):
    """Leaves out what names no identity of the tenant, or nothing that could be read."""
    grants = apps.get_model("identities", "SecretGrant").objects
    identities = apps.get_model("identities", "ManagedIdentity").objects
    at = timezone.now()
    for named, reference in told:
        place = place_of(reference)
        identity = place and identities.filter(pk=key_of(named), tenant_id=schedule.tenant_id).first()
        if not identity or identity.state == "retired":
            continue
        same = {"identity": identity, "schedule_id": schedule.pk, **place}
        if grants.filter(state="granted", ended_at=None, valid_until__gt=at, **same).exists():
            continue
        expires = identity.expires_at
        until = expires if expires and at < expires < at + YEAR else at + YEAR
        grants.create(
            **same, state="granted", schedule_label=schedule.name, reason=f"Schedule {schedule.name}",
            asked_by=schedule.created_by[:254], asked_at=at, decided_by="Steward", decided_at=at, valid_until=until,
        )  # fmt: skip


def key_of(named):
    """The id that is named, or None."""
    try:
        return UUID(str(named))
    except ValueError:
        return None


def place_of(reference):
    """The columns of a grant: the address in the one spelling that vault connections are kept in."""
    if not isinstance(reference, dict) or not all(
        isinstance(reference.get(name), str) for name in ("provider", "vaultUri", "secretName")
    ):
        return None
    try:
        parts = urlsplit(reference["vaultUri"])
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    shown = f"[{host}]" if ":" in host else host
    at_port = f":{port}" if port and port != PORTS.get(parts.scheme) else ""
    return {
        "provider": reference["provider"][:32],
        "vault_uri": f"{parts.scheme}://{shown}{at_port}{parts.path.rstrip('/')}"[:500],
        "secret_name": reference["secretName"][:400],
    }


class Migration(migrations.Migration):
    dependencies = [
        ("identities", "0008_secret_grants_in_force"),
        ("scheduling", "0003_preflight"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop, elidable=True)]
