"""Bodies and answers around replacing a service user by a managed identity."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.access.permissions import PERMISSIONS
from identities.api.register_shapes import SecretReferenceShape
from identities.api.serializers import ListQuery, Reference, Shape
from identities.inventory.vocabulary import Environment
from identities.service_users.following import standing_of
from identities.service_users.least_role import Uncovered
from identities.service_users.models import Replacement, ReplacementState
from identities.service_users.planning import MOST_OVERDUE_DAYS, MOST_QUIET_HOURS, Plan
from identities.service_users.replacement_terms import LONGEST_REASON
from identities.service_users.replacement_words import said_of

ALL = sorted(PERMISSIONS)


class NeededShape(Shape):
    """A permission, and the use that asks for it."""

    permission = serializers.CharField()
    times = serializers.IntegerField(help_text="How often it was used.")
    last_at = serializers.DateTimeField()


class UncoveredShape(Shape):
    """Something the account did and no managed identity may do."""

    text = serializers.SerializerMethodField(help_text="What it was, in plain words.")
    duty = serializers.CharField(help_text="The kind of work, as the table of routes names it.")
    resource_kind = serializers.CharField()
    times = serializers.IntegerField()
    last_at = serializers.DateTimeField()
    matters = serializers.BooleanField(help_text="False for its own account, which a managed identity does not need.")

    def get_text(self, done: Uncovered) -> str:
        return said_of(done)


class ReplacementPlanShape(Shape):
    """How a service user could be replaced, by what it did."""

    user_id = serializers.UUIDField(source="user.pk")
    email = serializers.EmailField(source="user.email")
    since = serializers.DateTimeField(help_text="How far its decisions were looked at: ninety days.")
    decisions = serializers.IntegerField(help_text="How many there were, allowed or not.")
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="A call, a sign-in or a refresh.")
    permissions = NeededShape(source="needed", many=True, help_text="The least role that covers what it did.")
    not_covered = UncoveredShape(source="uncovered", many=True, help_text="What no managed identity may do.")
    warnings = serializers.ListField(child=serializers.CharField(), help_text="What is different for a machine.")
    role = serializers.SerializerMethodField(help_text="One that permits exactly this, where there is one; it is used.")
    name = serializers.CharField(help_text="What the identity will be called unless named otherwise.")
    environment = serializers.ChoiceField(Environment.choices)
    quiet_hours = serializers.IntegerField(help_text="Longer than its longest silence; at least a day.")
    overdue_days = serializers.IntegerField()

    @extend_schema_field(Reference(allow_null=True))
    def get_role(self, plan: Plan) -> dict[str, str] | None:
        return {"id": str(plan.role.pk), "label": plan.role.name} if plan.role else None


class NewReplacementShape(Shape):
    """How a service user is replaced; what is left out is as planned."""

    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="Why; kept in the audit.")
    name = serializers.CharField(max_length=120, required=False, help_text="Of the new identity.")
    environment = serializers.ChoiceField(Environment.choices, required=False)
    permissions = serializers.ListField(
        child=serializers.ChoiceField(ALL), required=False, help_text="By hand, in the place of the planned ones."
    )
    role = serializers.CharField(max_length=100, required=False, help_text="By hand: the name or id of a role.")
    quiet_hours = serializers.IntegerField(
        min_value=1,
        max_value=MOST_QUIET_HOURS,
        required=False,
        help_text="So long the account must be unused before it is disabled.",
    )
    overdue_days = serializers.IntegerField(
        min_value=1, max_value=MOST_OVERDUE_DAYS, required=False, help_text="After so many days its owner is told."
    )
    store_secret_at = SecretReferenceShape(
        required=False, help_text="Puts the secret there; without it the answer shows it once."
    )


class NotCoveredShape(Shape):
    """Something the account did and the identity cannot do."""

    text = serializers.CharField()
    times = serializers.IntegerField()
    last_at = serializers.DateTimeField()
    matters = serializers.BooleanField()


class ReplacementShape(Shape):
    """A service user that gives way to a managed identity."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    user_id = serializers.UUIDField(source="account_id")
    email = serializers.EmailField(source="account.email")
    identity_id = serializers.UUIDField()
    client_id = serializers.CharField(source="identity.client_id")
    name = serializers.CharField(source="identity.name", help_text="Of the identity.")
    role = serializers.SerializerMethodField()
    permissions = serializers.ListField(child=serializers.CharField())
    not_covered = NotCoveredShape(many=True)
    state = serializers.ChoiceField(ReplacementState.choices)
    reason = serializers.CharField()
    quiet_hours = serializers.IntegerField()
    begun_by = serializers.CharField()
    begun_at = serializers.DateTimeField()
    overdue_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_reason = serializers.CharField()

    @extend_schema_field(Reference(allow_null=True))
    def get_role(self, row: Replacement) -> dict[str, str] | None:
        return {"id": str(row.role_id), "label": row.role.name} if row.role else None


class OneReplacementShape(ReplacementShape):
    """A replacement, and what it waits for."""

    waits_for = serializers.SerializerMethodField(help_text="What it waits for, in a sentence; empty when it is over.")

    def get_waits_for(self, row: Replacement) -> str:
        at: Any = self.context["at"]
        return standing_of(row, at) if row.state == ReplacementState.BOTH_ALIVE else ""


class BegunShape(OneReplacementShape):
    """A replacement that has begun, with the secret where it is shown."""

    client_secret = serializers.CharField(required=False, help_text="Shown now and never again.")


class ReplacementEndShape(Shape):
    """Why it ends."""

    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="Why; kept in the audit.")
    force = serializers.BooleanField(
        required=False, default=False, help_text="True: also where somebody still uses what ends."
    )


class ReplacementQuery(ListQuery):
    """Which replacements."""

    state = serializers.ChoiceField(ReplacementState.choices, required=False)
    user_id = serializers.UUIDField(required=False)
    identity_id = serializers.UUIDField(required=False)
