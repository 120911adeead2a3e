"""Bodies and answers around stops: a quarantine with its runbook, a pause, a drill."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.serializers import ListQuery, ReasonShape, Reference, Shape
from identities.lifecycle import drills, pausing
from identities.lifecycle.models import Cause, LineKind, Quarantine, QuarantineLine
from identities.lifecycle.selectors import Phase, phase_of
from identities.names import camel


class LineShape(Shape):
    """One line of a runbook."""

    id = serializers.UUIDField()
    position = serializers.IntegerField()
    kind = serializers.ChoiceField(LineKind.choices)
    text = serializers.CharField()
    about = serializers.SerializerMethodField(help_text="What it concerns: a credential, a secret's place, a system.")
    is_required = serializers.BooleanField(help_text="Until it is done, the stop is not complete.")
    assignee = serializers.SerializerMethodField()
    due_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    done_by = serializers.CharField()
    note = serializers.CharField()

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_about(self, line: QuarantineLine) -> dict[str, str]:
        return {camel(name): value for name, value in line.about.items()}

    @extend_schema_field(Reference(allow_null=True))
    def get_assignee(self, line: QuarantineLine) -> dict[str, Any] | None:
        person = line.assignee
        return {"id": str(person.pk), "label": person.email} if person else None


class QuarantineShape(Shape):
    """One quarantine."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    identity = serializers.SerializerMethodField()
    phase = serializers.SerializerMethodField(
        help_text="`contained`: here, not yet where the identity is issued. `complete`: everywhere. `released`: over."
    )
    cause = serializers.ChoiceField(Cause.choices)
    reason = serializers.CharField()
    previous_state = serializers.CharField()
    called_at = serializers.DateTimeField()
    called_by = serializers.CharField()
    contained_at = serializers.DateTimeField(allow_null=True, help_text="The last effect here.")
    complete_at = serializers.DateTimeField(allow_null=True, help_text="With the last required line.")
    seconds_to_revoke = serializers.SerializerMethodField(help_text="From the call to complete; null until then.")
    residual_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then somebody who verifies offline may take a token of it; null: no token."
    )
    effects = serializers.SerializerMethodField(help_text="What each part of Steward did, in words.")
    evidence_digest = serializers.CharField(help_text="SHA-256 of the evidence as it is downloaded.")
    release_at = serializers.DateTimeField(allow_null=True, help_text="When a drill ends by itself.")
    release_asked_by = serializers.CharField(help_text="Of high tier: the first of the two who release it.")
    release_asked_at = serializers.DateTimeField(allow_null=True)
    released_at = serializers.DateTimeField(allow_null=True)
    released_by = serializers.CharField()
    release_reason = serializers.CharField()

    @extend_schema_field(Reference)
    def get_identity(self, row: Quarantine) -> dict[str, Any]:
        return {"id": str(row.identity_id), "label": row.identity.name}

    @extend_schema_field(serializers.ChoiceField([phase.value for phase in Phase]))
    def get_phase(self, row: Quarantine) -> str:
        return phase_of(row).value

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_seconds_to_revoke(self, row: Quarantine) -> float | None:
        return round((row.complete_at - row.called_at).total_seconds(), 3) if row.complete_at else None

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_effects(self, row: Quarantine) -> dict[str, str]:
        return dict(row.effects.get("said") or {})


class WholeQuarantineShape(QuarantineShape):
    """A quarantine with its runbook."""

    lines = LineShape(many=True, source="lines.all")


class PauseBody(ReasonShape):
    """Why, and until when."""

    until = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text=f"When it resumes by itself, within {pausing.LONGEST.days} days. Silent: when somebody resumes it.",
    )


class DrillBody(Shape):
    """How long, and why."""

    minutes = serializers.IntegerField(required=False, default=drills.MINUTES, help_text="1 to 240.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    is_confirmed = serializers.BooleanField(
        required=False, default=False, help_text="Wanted of high tier in production: every call fails meanwhile."
    )


class NoteBody(Shape):
    """What was seen."""

    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class AssignBody(Shape):
    """To whom."""

    assignee_id = serializers.UUIDField()


class QuarantineQuery(ListQuery):
    """Which quarantines."""

    phase = serializers.ChoiceField([phase.value for phase in Phase], required=False)
    cause = serializers.ChoiceField(Cause.choices, required=False)
    identity_id = serializers.UUIDField(required=False)
