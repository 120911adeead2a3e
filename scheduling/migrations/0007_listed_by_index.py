"""Indexes for the lists of a million runs and for the schedules that read a secret, built while others write."""

from django.conf import settings
from django.db import migrations, models

from audit.migrations._concurrently import AddIndex, Statement


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("identities", "0021_found_by_index"),
        ("scheduling", "0006_runs_held_and_open"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndex(
            model_name="schedule",
            index=models.Index(fields=["name", "id"], name="schedule_named"),
        ),
        AddIndex(
            model_name="schedulerun",
            index=models.Index(fields=["created_at", "id"], name="run_made"),
        ),
        Statement(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS schedule_secret_place ON scheduling_schedule "
            "((secret_reference ->> 'vaultUri'), (secret_reference ->> 'secretName')) WHERE deleted_at IS NULL",
            "DROP INDEX CONCURRENTLY IF EXISTS schedule_secret_place",
        ),
    ]
