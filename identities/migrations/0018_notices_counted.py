"""Notices count what happens again and say by when they are due; the reader of the audit goes by the seals' numbers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identities", "0017_requests_tried_again")]

    operations = [
        migrations.AddField("notice", "times", models.PositiveIntegerField(db_default=1, default=1)),
        migrations.AddField("notice", "last_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("notice", "due_at", models.DateTimeField(blank=True, null=True)),
        migrations.AlterField(
            "subscription",
            "audience",
            models.CharField(
                choices=[
                    ("technical_owner", "Technical Owner"),
                    ("owners", "Owners"),
                    ("deputy", "Deputy"),
                    ("owner_team", "Owner Team"),
                    ("owner_and_team", "Owner And Team"),
                    ("admins", "Admins"),
                    ("person", "Person"),
                    ("nobody", "Nobody"),
                ],
                default="owners",
                max_length=20,
            ),
        ),
        migrations.RenameField("reading", "event_id", "seq"),
    ]
