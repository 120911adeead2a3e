"""Deliveries are called so. No table changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("identities", "0019_service_user_pages")]

    operations = [
        migrations.AlterModelOptions(
            name="delivery",
            options={"ordering": ["-created_at", "id"], "verbose_name_plural": "deliveries"},
        ),
    ]
