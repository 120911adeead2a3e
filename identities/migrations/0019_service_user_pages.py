"""Service users have pages of their own: the same rows as people, under a name of their own. No table changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("identities", "0018_tables_known")]

    operations = [
        migrations.CreateModel(
            name="ServiceUser",
            fields=[],
            options={
                "verbose_name": "service user",
                "verbose_name_plural": "service users",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("identities.user",),
        ),
    ]
