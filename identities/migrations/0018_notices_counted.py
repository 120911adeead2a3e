"""Notices count what happens again and say by when they are due; the reader of the audit goes by the seals' numbers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identities", "0017_requests_tried_again")]

    operations = [
        migrations.AddField("notice", "times", models.PositiveIntegerField(db_default=1, default=1)),
        migrations.AddField("notice", "last_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("notice", "due_at", models.DateTimeField(blank=True, null=True)),
        migrations.RenameField("reading", "event_id", "seq"),
    ]
