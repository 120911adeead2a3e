"""Four indexes whose work others do: they were kept up for each schedule that moved, each run and each of its steps."""

from django.db import migrations, models
from django.db.models.deletion import CASCADE, PROTECT

from audit.migrations._concurrently import Unindexed


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("identities", "0021_found_by_index"),
        ("scheduling", "0007_listed_by_index"),
    ]

    operations = [
        Unindexed(
            model_name="schedule",
            name="tenant",
            field=models.ForeignKey(db_index=False, on_delete=PROTECT, related_name="+", to="identities.tenant"),
        ),
        Unindexed(
            model_name="schedulerun",
            name="schedule",
            field=models.ForeignKey(db_index=False, on_delete=PROTECT, related_name="runs", to="scheduling.schedule"),
        ),
        Unindexed(
            model_name="schedulerun",
            name="tenant",
            field=models.ForeignKey(db_index=False, on_delete=PROTECT, related_name="+", to="identities.tenant"),
        ),
        Unindexed(
            model_name="runstep",
            name="run",
            field=models.ForeignKey(
                db_index=False, on_delete=CASCADE, related_name="steps", to="scheduling.schedulerun"
            ),
        ),
    ]
