"""What somebody who left was shown waits its turn to be rotated: when, who asked and why, what stood in the way."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns and one index."""

    dependencies = [
        ("identities", "0008_secret_grants_in_force"),
    ]

    operations = [
        migrations.AddField(
            model_name="secretshowing",
            name="rotate_asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="secretshowing",
            name="rotate_asked_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="secretshowing",
            name="rotate_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="secretshowing",
            name="rotate_problem",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="secretshowing",
            name="rotate_reason",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddIndex(
            model_name="secretshowing",
            index=models.Index(
                condition=models.Q(("rotate_at__isnull", False)), fields=["rotate_at"], name="showing_to_rotate"
            ),
        ),
    ]
