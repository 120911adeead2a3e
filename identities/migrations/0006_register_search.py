"""What the register is found by, and the orders it is read in. Triggers and trigrams come after `migrate`, by search_index."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identities", "0005_programme"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("origin", models.CharField(max_length=40, unique=True)),
                ("name", models.TextField(blank=True)),
                ("text", models.TextField()),
                (
                    "identity",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="identities.managedidentity",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "search entries",
            },
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=models.Index(fields=["name"], name="search_entry_name", opclasses=["text_pattern_ops"]),
        ),
        migrations.AddIndex(
            model_name="managedidentity",
            index=models.Index(fields=["name", "id", "state"], name="identity_name"),
        ),
        migrations.AddIndex(
            model_name="managedidentity",
            index=models.Index(fields=["tenant", "name", "id", "state"], name="identity_tenant_name"),
        ),
        migrations.AddIndex(
            model_name="managedidentity",
            index=models.Index(fields=["tenant", "environment", "name", "id", "state"], name="identity_tenant_environment"),
        ),
    ]
