"""The first tables."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("identities", "0001_ground"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DemoPayment",
            fields=[
                ("key", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("client_id", models.CharField(max_length=64)),
                ("resource", models.CharField(max_length=255)),
                ("body", models.JSONField(default=dict)),
                ("correlation_id", models.CharField(blank=True, max_length=128)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("deliveries", models.PositiveIntegerField(default=1)),
            ],
            options={
                "ordering": ["-first_at"],
            },
        ),
        migrations.CreateModel(
            name="Pulse",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("beat_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                ("cron_expression", models.CharField(max_length=256)),
                ("timezone", models.CharField(max_length=64)),
                ("managed_identity_id", models.UUIDField(db_index=True)),
                ("secret_reference", models.JSONField()),
                ("input_data", models.JSONField(blank=True, default=dict)),
                ("max_attempts", models.PositiveSmallIntegerField(default=1)),
                ("backoff_seconds", models.PositiveIntegerField(default=60)),
                (
                    "misfire_policy",
                    models.CharField(
                        choices=[
                            ("skip", "Skip them"),
                            ("run_once", "Run once for all of them"),
                            ("run_all", "Run each, up to 100"),
                        ],
                        default="run_once",
                        max_length=20,
                    ),
                ),
                (
                    "overlap_policy",
                    models.CharField(
                        choices=[
                            ("skip", "Skip the new one"),
                            ("queue_one", "Let one wait"),
                            ("allow", "Run side by side"),
                            ("cancel_previous", "Cancel the earlier one"),
                        ],
                        default="skip",
                        max_length=20,
                    ),
                ),
                ("overlap_limit", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("jitter_seconds", models.PositiveSmallIntegerField(default=0)),
                ("is_enabled", models.BooleanField(default=True)),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                ("paused_by", models.CharField(blank=True, max_length=320)),
                ("paused_reason", models.CharField(blank=True, max_length=500)),
                ("next_run_at", models.DateTimeField(blank=True, null=True)),
                ("held_run_at", models.DateTimeField(blank=True, null=True)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                ("created_by", models.CharField(blank=True, max_length=320)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="owned_schedules",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner_team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="owned_schedules",
                        to="identities.team",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="identities.tenant"
                    ),
                ),
            ],
            options={
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="Workflow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=100, verbose_name="id")),
                ("name", models.CharField(max_length=200)),
                ("version", models.PositiveIntegerField(default=1)),
                ("nodes", models.JSONField(default=list)),
                ("input_schema", models.JSONField(blank=True, null=True)),
                ("allowed_hosts", models.JSONField(blank=True, default=list)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                ("created_by", models.CharField(blank=True, max_length=320)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "resource_policy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identities.resourcepolicy",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="identities.tenant"
                    ),
                ),
            ],
            options={
                "ordering": ["key"],
            },
        ),
        migrations.CreateModel(
            name="ScheduleRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("workflow_key", models.CharField(max_length=100)),
                ("workflow_version", models.PositiveIntegerField()),
                (
                    "trigger",
                    models.CharField(
                        choices=[("schedule", "Schedule"), ("manual", "By hand")], default="schedule", max_length=20
                    ),
                ),
                ("scheduled_for", models.DateTimeField(blank=True, null=True)),
                ("requested_at", models.DateTimeField(blank=True, null=True)),
                ("requested_by", models.CharField(blank=True, max_length=320)),
                ("requested_by_id", models.CharField(blank=True, max_length=64)),
                ("request_reason", models.CharField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("due", "Due"),
                            ("claimed", "Claimed"),
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("refused", "Refused"),
                            ("skipped", "Skipped"),
                            ("cancelled", "Cancelled"),
                            ("expired", "Expired"),
                        ],
                        default="due",
                        max_length=20,
                    ),
                ),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("code", models.CharField(blank=True, max_length=64)),
                ("reason", models.TextField(blank=True)),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                ("resumes", models.PositiveSmallIntegerField(default=0)),
                ("available_at", models.DateTimeField()),
                ("rung_at", models.DateTimeField(blank=True, null=True)),
                ("claimed_by", models.CharField(blank=True, max_length=128)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("lease_epoch", models.PositiveIntegerField(default=0)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("actor", models.JSONField(blank=True, null=True)),
                ("identity_id", models.UUIDField(db_index=True)),
                ("secret_reference", models.JSONField(blank=True, default=dict)),
                ("input_data", models.JSONField(blank=True, default=dict)),
                ("correlation_id", models.CharField(max_length=128)),
                ("cancel_requested_at", models.DateTimeField(blank=True, null=True)),
                ("cancel_requested_by", models.CharField(blank=True, max_length=320)),
                ("cancel_reason", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="scheduling.schedule"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="identities.tenant"
                    ),
                ),
                (
                    "workflow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="scheduling.workflow"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.AddField(
            model_name="schedule",
            name="workflow",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="schedules", to="scheduling.workflow"
            ),
        ),
        migrations.CreateModel(
            name="WorkflowVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("definition", models.JSONField()),
                ("created_by", models.CharField(blank=True, max_length=320)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "workflow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="scheduling.workflow"
                    ),
                ),
            ],
            options={
                "ordering": ["workflow", "-version"],
            },
        ),
        migrations.CreateModel(
            name="RunStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=100)),
                ("kind", models.CharField(max_length=50)),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("waiting", "Waiting"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("refused", "Refused"),
                            ("skipped", "Skipped"),
                        ],
                        default="running",
                        max_length=20,
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("detail", models.JSONField(blank=True, default=dict)),
                ("output", models.JSONField(blank=True, null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="scheduling.schedulerun"
                    ),
                ),
            ],
            options={
                "ordering": ["run", "sequence", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "name", "attempt"), name="step_once_for_each_attempt")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="workflow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)), fields=("tenant", "key"), name="workflow_key_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="workflow",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="workflow_version_counts_from_one"
            ),
        ),
        migrations.AddIndex(
            model_name="schedulerun",
            index=models.Index(fields=["state", "available_at"], name="run_ready"),
        ),
        migrations.AddIndex(
            model_name="schedulerun",
            index=models.Index(fields=["tenant", "created_at", "id"], name="run_listing"),
        ),
        migrations.AddIndex(
            model_name="schedulerun",
            index=models.Index(fields=["schedule", "created_at"], name="run_of_schedule"),
        ),
        migrations.AddConstraint(
            model_name="schedulerun",
            constraint=models.UniqueConstraint(
                fields=("schedule", "scheduled_for"), name="run_once_for_each_occurrence"
            ),
        ),
        migrations.AddConstraint(
            model_name="schedulerun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("scheduled_for__isnull", False), ("trigger", "schedule")),
                    models.Q(("requested_at__isnull", False), ("scheduled_for", None), ("trigger", "manual")),
                    _connector="OR",
                ),
                name="run_has_its_moment",
            ),
        ),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(fields=["next_run_at"], name="schedule_next_run_at"),
        ),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(fields=["tenant", "created_at", "id"], name="schedule_listing"),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)), fields=("tenant", "name"), name="schedule_name_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deleted_at", None), ("is_enabled", True)), ("next_run_at", None), _connector="OR"
                ),
                name="schedule_stopped_has_no_next_run",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_attempts__gte", 1), ("max_attempts__lte", 10)),
                name="schedule_attempts_one_to_ten",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("backoff_seconds__gte", 1)), name="schedule_backoff_at_least_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("jitter_seconds__lte", 300)), name="schedule_jitter_at_most_300"
            ),
        ),
        migrations.AddConstraint(
            model_name="workflowversion",
            constraint=models.UniqueConstraint(fields=("workflow", "version"), name="workflow_version_unique"),
        ),
    ]
