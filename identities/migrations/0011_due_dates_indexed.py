"""Credentials are found by the day they are due: reminders ask each hour, whatever the size of the register."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Indexes only."""

    dependencies = [("identities", "0010_rotations_watched")]

    operations = [
        migrations.AddIndex(
            model_name="clientsecret",
            index=models.Index(condition=models.Q(("revoked_at", None)), fields=["rotate_by"], name="secret_due"),
        ),
        migrations.AddIndex(
            model_name="clientkey",
            index=models.Index(condition=models.Q(("revoked_at", None)), fields=["rotate_by"], name="client_key_due"),
        ),
        migrations.AddIndex(
            model_name="externalcredential",
            index=models.Index(
                condition=models.Q(("rotate_by__isnull", False)), fields=["rotate_by"], name="external_credential_due"
            ),
        ),
        migrations.AddIndex(
            model_name="externalcredential",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False)), fields=["expires_at"], name="external_credential_end"
            ),
        ),
    ]
