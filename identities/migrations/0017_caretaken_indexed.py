"""Identities in caretaker state are found without reading the register: succession asks twice a minute."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """An index only, of few rows: building it reads the table once, as long as that takes nobody writes."""

    dependencies = [("identities", "0016_governance")]

    operations = [
        migrations.AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("caretaker_since__isnull", False)), fields=["id"], name="identity_in_care"
            ),
        ),
    ]
