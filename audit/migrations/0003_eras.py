"""Which key the chain stands under, and where it changed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_found_by_index")]

    operations = [
        migrations.AddField(
            model_name="sealhead",
            name="key_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=8),
        ),
        migrations.CreateModel(
            name="AuditEra",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("until_seq", models.BigIntegerField()),
                ("mac", models.CharField(max_length=64)),
                ("key_id", models.CharField(max_length=8)),
                ("closed_at", models.DateTimeField()),
                ("sealed_keys", models.TextField(editable=False)),
            ],
            options={"ordering": ["id"]},
        ),
    ]
