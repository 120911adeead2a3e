"""Indexes for what pages and lists ask of ten million events; built without keeping anybody from writing."""

from django.db import migrations, models
from django.db.models.functions import Upper

from audit.migrations._concurrently import AddIndex, RemoveIndex


def added(index):
    return AddIndex(model_name="auditevent", index=index)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("audit", "0001_ground")]

    operations = [
        added(
            models.Index(
                fields=["type", "-id"], name="audit_event_types", opclasses=["varchar_pattern_ops", "int8_ops"]
            )
        ),
        RemoveIndex(model_name="auditevent", name="audit_event_type"),
        added(
            models.Index(
                condition=models.Q(("actor_client_id", ""), _negated=True),
                fields=["actor_client_id", "-id"],
                name="audit_event_client",
            )
        ),
        added(models.Index(Upper("subject_label"), models.F("id").desc(), name="audit_event_subject_label")),
        added(models.Index(Upper("actor_label"), models.F("id").desc(), name="audit_event_actor_label")),
        added(
            models.Index(
                condition=models.Q(("outcome", "success"), _negated=True),
                fields=["outcome", "-id"],
                name="audit_event_trouble",
            )
        ),
        added(
            models.Index(
                condition=models.Q(("actor_kind", "person")), fields=["actor_kind", "-id"], name="audit_event_people"
            )
        ),
    ]
