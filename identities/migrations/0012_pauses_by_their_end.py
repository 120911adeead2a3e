"""Pauses are found by their end: one small index of those that have one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One index."""

    dependencies = [
        ("identities", "0011_due_dates_indexed"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("paused_until__isnull", False)),
                fields=["paused_until"],
                name="identity_paused_until",
            ),
        ),
    ]
