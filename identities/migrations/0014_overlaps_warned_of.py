"""A rotation keeps when it was warned of; one row keeps until when somebody listened at the token endpoint."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column, one table of one row."""

    dependencies = [
        ("identities", "0013_use_of_keys"),
    ]

    operations = [
        migrations.AddField(model_name="rotation", name="warned_at", field=models.DateTimeField(blank=True, null=True)),
        migrations.CreateModel(
            name="Listening",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="listening_is_one_row"),
                ],
            },
        ),
    ]
