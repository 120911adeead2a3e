"""Keys have sources and counts of use as secrets have: each row is of one of the two."""

import django.db.models.deletion
from django.db import migrations, models

OF_ONE = models.Q(("key", None), ("secret__isnull", False)) | models.Q(("key__isnull", False), ("secret", None))


def of(name: str, model: str) -> models.ForeignKey:
    """One of the two, which may be absent."""
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.CASCADE,
        related_name=name,
        to=f"identities.{model}",
    )


class Migration(migrations.Migration):
    """Two columns, and what holds for them."""

    dependencies = [
        ("identities", "0012_pauses_by_their_end"),
    ]

    operations = [
        migrations.AddField(model_name="secretsource", name="key", field=of("sources", "clientkey")),
        migrations.AddField(model_name="secretuse", name="key", field=of("use", "clientkey")),
        migrations.AlterField(model_name="secretsource", name="secret", field=of("sources", "clientsecret")),
        migrations.AlterField(model_name="secretuse", name="secret", field=of("use", "clientsecret")),
        migrations.AddConstraint(
            model_name="secretsource",
            constraint=models.UniqueConstraint(fields=("key", "address", "user_agent"), name="key_source_once"),
        ),
        migrations.AddConstraint(
            model_name="secretsource",
            constraint=models.CheckConstraint(condition=OF_ONE, name="source_of_one_credential"),
        ),
        migrations.AddConstraint(
            model_name="secretuse",
            constraint=models.UniqueConstraint(fields=("key", "at"), name="key_use_once_per_span"),
        ),
        migrations.AddConstraint(
            model_name="secretuse",
            constraint=models.CheckConstraint(condition=OF_ONE, name="use_of_one_credential"),
        ),
    ]
