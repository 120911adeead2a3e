"""The first tables."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditCheckpoint",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(unique=True)),
                ("mac", models.CharField(max_length=64)),
                ("count", models.BigIntegerField()),
                ("taken_at", models.DateTimeField()),
                ("signature", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ["seq"],
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("recorded_at", models.DateTimeField()),
                ("tenant_id", models.UUIDField(null=True)),
                ("type", models.CharField(max_length=80)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("success", "success"), ("failure", "failure"), ("denied", "denied")], max_length=10
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("person", "person"),
                            ("service_user", "service_user"),
                            ("identity", "identity"),
                            ("system", "system"),
                            ("anonymous", "anonymous"),
                        ],
                        max_length=20,
                    ),
                ),
                ("actor_id", models.CharField(blank=True, max_length=200)),
                ("actor_label", models.CharField(blank=True, max_length=300)),
                ("actor_client_id", models.CharField(blank=True, max_length=200)),
                ("subject_kind", models.CharField(max_length=60)),
                ("subject_id", models.CharField(blank=True, max_length=200)),
                ("subject_label", models.CharField(blank=True, max_length=300)),
                ("changes", models.JSONField(blank=True, default=dict)),
                ("details", models.JSONField(blank=True, default=dict)),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("run_id", models.UUIDField(null=True)),
                ("address", models.CharField(blank=True, max_length=64)),
                ("tag", models.CharField(editable=False, max_length=64)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="AuditVerification",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("finished_at", models.DateTimeField()),
                ("sealed", models.BigIntegerField()),
                ("unsealed", models.BigIntegerField()),
                ("is_intact", models.BooleanField()),
                ("break_kind", models.CharField(blank=True, max_length=40)),
                ("break_seq", models.BigIntegerField(null=True)),
                ("message", models.TextField()),
            ],
            options={
                "ordering": ["-id"],
                "get_latest_by": "id",
            },
        ),
        migrations.CreateModel(
            name="SealHead",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(default=0)),
                (
                    "mac",
                    models.CharField(
                        default="0000000000000000000000000000000000000000000000000000000000000000", max_length=64
                    ),
                ),
                ("swept_id", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="seal",
                        serialize=False,
                        to="audit.auditevent",
                    ),
                ),
                ("seq", models.BigIntegerField(unique=True)),
                ("mac", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ["seq"],
            },
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["recorded_at"], name="audit_event_recorded"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["tenant_id", "-id"], name="audit_event_tenant"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["type", "-id"], name="audit_event_type"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["actor_id", "-id"], name="audit_event_actor"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["subject_id", "-id"], name="audit_event_subject"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["correlation_id"], name="audit_event_correlation"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("run_id__isnull", False)), fields=["run_id"], name="audit_event_run"
            ),
        ),
        migrations.AddConstraint(
            model_name="sealhead",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="audit_seal_head_single"),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.CheckConstraint(condition=models.Q(("seq__gte", 1)), name="audit_seal_seq_from_1"),
        ),
    ]
