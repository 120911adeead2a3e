"""Bodies and answers around elevations and break-glass grants."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.serializers import ListQuery, Reference, Shape
from identities.elevations import selectors, terms
from identities.elevations.aftermath import MAX_REVIEW
from identities.elevations.models import BreakGlassGrant, BreakGlassState, Elevation
from identities.elevations.selectors import Phase

ROTATION_SCHEMA = {
    "type": "object",
    "properties": {
        "state": {
            "type": "string",
            "enum": ["due", "under_way", "rotated", "by_hand", "done_by_hand", "nothing"],
        },
        "text": {"type": "string"},
        "rotationId": {"type": "string", "format": "uuid"},
    },
}


class _AskedShape(Shape):
    """What both have in common."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    identity_id = serializers.UUIDField()
    role = serializers.CharField(source="role.name")
    role_id = serializers.UUIDField()
    minutes = serializers.IntegerField(help_text="How long it gives the role, a day at most.")
    justification = serializers.CharField()
    owner = serializers.SerializerMethodField(help_text="Who answers for it.")
    ticket = serializers.CharField()
    state_reason = serializers.CharField()
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    approval_id = serializers.UUIDField(allow_null=True, help_text="Where others decide on it: `/api/approvals/{id}`.")
    binding_id = serializers.UUIDField(allow_null=True, help_text="The role binding, whose own dates end it.")
    renews_id = serializers.UUIDField(allow_null=True, help_text="What it renews, by a decision of its own.")

    @extend_schema_field(Reference)
    def get_owner(self, row: Elevation | BreakGlassGrant) -> dict[str, Any]:
        return {"id": str(row.owner_id) if row.owner_id else None, "label": row.owner_label}


class ElevationShape(_AskedShape):
    """A role for a short while."""

    state = serializers.SerializerMethodField(help_text="By the binding's own dates, whichever task ran.")
    given_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True, help_text="As planned when it was given.")
    ended_at = serializers.DateTimeField(allow_null=True, help_text="Null unless it ended before, or never came to be.")

    @extend_schema_field(serializers.ChoiceField([phase.value for phase in Phase]))
    def get_state(self, row: Elevation) -> str:
        return selectors.phase_of(row, timezone.now()).value


class BreakGlassShape(_AskedShape):
    """Emergency access that lies ready, is used, or was."""

    state = serializers.SerializerMethodField(help_text="By its dates, whichever task ran.")
    valid_until = serializers.DateTimeField(help_text="Unused by then it has ended.")
    armed_at = serializers.DateTimeField(allow_null=True)
    used_at = serializers.DateTimeField(allow_null=True)
    used_by = serializers.CharField()
    used_reason = serializers.CharField()
    use_ends_at = serializers.DateTimeField(allow_null=True)
    rotation = serializers.SerializerMethodField(help_text="What was done about the secret that was used.")
    review_by = serializers.DateTimeField(allow_null=True, help_text="24 hours after its use ended.")
    is_review_late = serializers.SerializerMethodField()
    reviewed_at = serializers.DateTimeField(allow_null=True)
    reviewed_by = serializers.CharField()
    review = serializers.CharField()

    @extend_schema_field(serializers.ChoiceField(BreakGlassState.choices))
    def get_state(self, row: BreakGlassGrant) -> str:
        return selectors.state_of(row, timezone.now()).value

    @extend_schema_field(ROTATION_SCHEMA)
    def get_rotation(self, row: BreakGlassGrant) -> dict[str, str]:
        names = {"state": "state", "text": "text", "rotation_id": "rotationId"}
        return {outside: str(row.rotation[name]) for name, outside in names.items() if row.rotation.get(name)}

    @extend_schema_field(serializers.BooleanField())
    def get_is_review_late(self, row: BreakGlassGrant) -> bool:
        return selectors.is_late(row, timezone.now())


class _AskBody(Shape):
    identity_id = serializers.UUIDField()
    role = serializers.CharField(max_length=100, help_text="The name, or the id, of a role of the identity's tenant.")
    minutes = serializers.IntegerField(min_value=1, max_value=terms.MOST_MINUTES)
    justification = serializers.CharField(max_length=terms.MAX_TEXT)
    owner = serializers.CharField(max_length=254, help_text="A person of the tenant, by id or e-mail address.")
    ticket = serializers.CharField(max_length=terms.MAX_TICKET, required=False, allow_blank=True, default="")
    renews_id = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="What it renews: a decision of its own, always."
    )


class NewElevation(_AskBody):
    """Who needs which role for how long, and why."""


class NewBreakGlass(_AskBody):
    """Which role may be given in an emergency, until when it lies ready, and who may use it."""

    valid_until = serializers.DateTimeField(help_text=f"Within {terms.LONGEST_ARMED.days} days.")


class ReviewBody(Shape):
    """What somebody saw who did not use it."""

    text = serializers.CharField(max_length=MAX_REVIEW)


class DoneByHandBody(Shape):
    """What was replaced."""

    note = serializers.CharField(max_length=2000)


class ElevationQuery(ListQuery):
    """Which elevations."""

    state = serializers.ChoiceField([*(phase.value for phase in Phase), "ending"], required=False)
    identity_id = serializers.UUIDField(required=False)


class BreakGlassQuery(ListQuery):
    """Which grants."""

    state = serializers.ChoiceField([*BreakGlassState.values, "ending"], required=False)
    identity_id = serializers.UUIDField(required=False)
