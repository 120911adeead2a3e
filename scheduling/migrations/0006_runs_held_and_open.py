"""Small indexes of the runs that are held or open: a claim and a sweep ask them, however many runs have ended."""

from django.db import migrations, models

from audit.migrations._concurrently import AddIndex

HELD = models.Q(state__in=["claimed", "running"])
OPEN = models.Q(state__in=["due", "claimed", "running"])


class Migration(migrations.Migration):
    """Needs nothing that only PostgreSQL's driver brings: an installation on SQLite has none."""

    atomic = False

    dependencies = [("scheduling", "0005_schedule_approvals")]

    operations = [
        AddIndex("schedulerun", models.Index(fields=["tenant", "identity_id"], condition=HELD, name="run_held")),
        AddIndex("schedulerun", models.Index(fields=["lease_expires_at"], condition=HELD, name="run_lease")),
        AddIndex("schedulerun", models.Index(fields=["schedule", "scheduled_for"], condition=OPEN, name="run_open")),
    ]
