"""Bodies and answers of /flowstudio/api: free-form members (params, inputData, detail) pass untouched."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.serializers import Query, Reference, Shape
from scheduling import selectors
from scheduling.models import (
    MisfirePolicy,
    OverlapPolicy,
    RunState,
    Schedule,
    ScheduleRun,
    StepState,
    Trigger,
)

REFERENCE = "{provider, vaultUri, secretName[, version]}: where the secret rests, never the secret."


class RetryPolicyShape(Shape):
    """How often a run is tried."""

    max_attempts = serializers.IntegerField(default=1, help_text="1 to 10.")
    backoff_seconds = serializers.IntegerField(
        default=60, help_text="Pause before the second attempt; it doubles for each further one."
    )


class ScheduleApprovalShape(Shape):
    """What others say of a schedule of a high-tier identity."""

    state = serializers.CharField(help_text="approved or pending.")
    id = serializers.UUIDField(allow_null=True, help_text="The last approval that was asked.")
    by = serializers.DateTimeField(
        allow_null=True, help_text="Pending: until when it runs on unchanged, since it stood before the tier rose."
    )


class ScheduleWriteShape(Shape):
    """A schedule as it is written (document 1, and who owns it and how it copes)."""

    workflow_id = serializers.CharField(max_length=100, help_text="Id of a workflow, such as wf-monthly-payroll.")
    name = serializers.CharField(max_length=200, help_text="Unique in the tenant.")
    cron_expression = serializers.CharField(
        max_length=256, help_text="Exactly five fields: minute hour day-of-month month day-of-week."
    )
    timezone = serializers.CharField(max_length=64, help_text="An IANA name; offsets are refused.")
    managed_identity_id = serializers.CharField(max_length=64, help_text="As whom it runs.")
    secret_reference = serializers.DictField(help_text=REFERENCE)
    input_data = serializers.DictField(required=False, help_text="May hold {{schedule.triggerMonth}} and its like.")
    retry_policy = RetryPolicyShape(required=False)
    owner = serializers.CharField(
        required=False, allow_null=True, max_length=254, help_text="Id or e-mail of a user; nobody if silent."
    )
    owner_team = serializers.CharField(
        required=False, allow_null=True, max_length=120, help_text="Id or name of a team."
    )
    misfire_policy = serializers.ChoiceField(choices=MisfirePolicy.choices, required=False)
    overlap_policy = serializers.ChoiceField(choices=OverlapPolicy.choices, required=False)
    overlap_limit = serializers.IntegerField(required=False, allow_null=True, help_text="With overlapPolicy allow.")
    jitter_seconds = serializers.IntegerField(required=False, help_text="0 to 300; always the same for one schedule.")


class ScheduleCreateShape(ScheduleWriteShape):
    """A new schedule."""

    tenant_id = serializers.UUIDField(required=False, help_text="Platform administrator only.")


class ScheduleShape(Shape):
    """A schedule."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    workflow_id = serializers.CharField(source="workflow.key")
    name = serializers.CharField()
    cron_expression = serializers.CharField()
    timezone = serializers.CharField()
    managed_identity_id = serializers.UUIDField()
    secret_reference = serializers.JSONField(help_text=REFERENCE)
    input_data = serializers.JSONField()
    retry_policy = serializers.SerializerMethodField("show_retry_policy")
    owner = serializers.SerializerMethodField("show_owner")
    owner_team = serializers.SerializerMethodField("show_owner_team")
    misfire_policy = serializers.ChoiceField(choices=MisfirePolicy.choices)
    overlap_policy = serializers.ChoiceField(choices=OverlapPolicy.choices)
    overlap_limit = serializers.IntegerField(allow_null=True)
    jitter_seconds = serializers.IntegerField()
    is_enabled = serializers.BooleanField(help_text="Changed by pause and resume only.")
    paused_at = serializers.DateTimeField(allow_null=True)
    paused_by = serializers.CharField()
    paused_reason = serializers.CharField()
    approval = serializers.SerializerMethodField("show_approval", help_text="Null where nobody has to say yes to it.")
    is_built_in = serializers.BooleanField(help_text="Steward made it; every tenant has one.")
    next_run_at = serializers.DateTimeField(allow_null=True, help_text="The next occurrence; null while paused.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    @extend_schema_field(RetryPolicyShape)
    def show_retry_policy(self, row: Schedule) -> dict[str, int]:
        return {"maxAttempts": row.max_attempts, "backoffSeconds": row.backoff_seconds}

    @extend_schema_field(Reference(allow_null=True))
    def show_owner(self, row: Schedule) -> dict[str, str] | None:
        return {"id": str(row.owner_id), "label": row.owner.email} if row.owner else None

    @extend_schema_field(Reference(allow_null=True))
    def show_owner_team(self, row: Schedule) -> dict[str, str] | None:
        return {"id": str(row.owner_team_id), "label": row.owner_team.name} if row.owner_team else None

    @extend_schema_field(ScheduleApprovalShape(allow_null=True))
    def show_approval(self, row: Schedule) -> dict[str, Any] | None:
        return selectors.approval_of(row)


class PreviewAskShape(Shape):
    """A rhythm to look at; nothing is saved."""

    cron_expression = serializers.CharField(max_length=256)
    timezone = serializers.CharField(max_length=64)
    start = serializers.DateTimeField(required=False, help_text="Strictly after this; now if silent.")
    count = serializers.IntegerField(min_value=1, max_value=100, default=5)


class PreviewQuery(Query):
    """How many runs to show."""

    count = serializers.IntegerField(min_value=1, max_value=100, default=5)


class PreviewRunShape(Shape):
    """One instant, twice."""

    utc = serializers.CharField(help_text="RFC 3339, UTC.")
    local = serializers.CharField(help_text="RFC 3339, on the clock of the schedule's zone.")


class PreviewShape(Shape):
    """The rhythm in plain words, and when it next falls."""

    description = serializers.CharField()
    runs = PreviewRunShape(many=True)


class ForeseenProblemShape(Shape):
    """Why a run that is due would not go as planned."""

    code = serializers.CharField(help_text="Stable, such as permission_missing or secret_ends.")
    text = serializers.CharField(help_text="A sentence, with local times of the schedule's zone.")
    at = serializers.DateTimeField(allow_null=True, help_text="The first occurrence that would fail.")
    mend = serializers.CharField(help_text="What puts it right, such as bind_role or enable_identity.")
    identity_id = serializers.UUIDField(allow_null=True, help_text="The identity concerned.")
    node = serializers.CharField(allow_blank=True, help_text="The step that acts as it; empty for the schedule's own.")


class PreflightShape(Shape):
    """The newest trial of a schedule; all of it is null or empty while there was none."""

    checked_at = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True, help_text="The end of the seven days that were looked at.")
    occurrences = serializers.IntegerField(help_text="How many fall into them.")
    is_clear = serializers.BooleanField(allow_null=True)
    problems = ForeseenProblemShape(many=True)


class RunRequestedShape(Shape):
    """The run that was made."""

    run_id = serializers.UUIDField()


class RunActorShape(Shape):
    """Who the run acts as, from the claims of its token."""

    user_id = serializers.CharField()
    is_service_account = serializers.BooleanField()
    managed_identity_id = serializers.CharField(allow_null=True)
    tenant_id = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())


class RunShape(Shape):
    """One firing of a schedule, by the clock or by hand."""

    id = serializers.UUIDField()
    schedule_id = serializers.UUIDField()
    workflow_id = serializers.CharField(source="workflow_key")
    workflow_version = serializers.IntegerField()
    managed_identity_id = serializers.UUIDField(source="identity_id")
    trigger = serializers.ChoiceField(choices=Trigger.choices)
    triggered_by = serializers.CharField(help_text='"schedule:<name>", also for a run by hand.')
    requested_at = serializers.DateTimeField(allow_null=True, help_text="A run by hand: when it was asked for.")
    requested_by = serializers.CharField(help_text="A run by hand: by whom.")
    state = serializers.ChoiceField(choices=RunState.choices)
    status = serializers.IntegerField(allow_null=True, help_text="403 for a refusal of the guard.")
    reason = serializers.CharField()
    code = serializers.CharField(help_text="Why it ended so, for a program.")
    scheduled_for = serializers.DateTimeField(allow_null=True, help_text="The occurrence; null for a run by hand.")
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    attempt = serializers.IntegerField()
    actor = serializers.SerializerMethodField("show_actor")
    input_data = serializers.JSONField()
    correlation_id = serializers.CharField()
    created_at = serializers.DateTimeField()

    @extend_schema_field(RunActorShape(allow_null=True))
    def show_actor(self, row: ScheduleRun) -> Mapping[str, Any] | None:
        return row.actor or None


class StepShape(Shape):
    """One attempt at one step: resolve-identity, fetch-secret, mint-token, guard, then the nodes by their ids."""

    name = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=StepState.choices)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    attempt = serializers.IntegerField()
    detail = serializers.JSONField(help_text="Who acted, what was decided and why, until when the token holds.")


class RunWithStepsShape(RunShape):
    """One firing with every step of it."""

    steps = StepShape(many=True)
