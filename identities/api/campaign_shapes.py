"""Bodies and answers around review campaigns: a campaign with its progress, and the plan that launches the next one."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.serializers import ListQuery, Query, Shape
from identities.names import camel
from identities.recertification.models import CampaignState, OnSilence, ReviewCampaign, ReviewerRule
from identities.recertification.reporting import FORMATS

SCOPE_HELP = (
    "Filters as on the list of identities, such as riskTier, environment, ownerTeam or tag. Empty is every one."
)
RULE_HELP = "Where the search for a reviewer begins; it goes on owner, deputy, team, security."
SILENCE_HELP = "No answer at the deadline. by_tier: high is disabled, medium reduced, low reminded."
OBJECT = {"type": "object", "additionalProperties": True}


def camelled(content: Any) -> Any:
    """Kept JSON as it goes out: names of members in camelCase, at every depth; values as they are."""
    if isinstance(content, dict):
        return {camel(str(name)): camelled(value) for name, value in content.items()}
    return [camelled(value) for value in content] if isinstance(content, list) else content


class ProgressShape(Shape):
    """How far a campaign is, in items."""

    items = serializers.IntegerField(source="items_all", help_text="All of them.")
    open = serializers.IntegerField(source="items_open", help_text="Wait for an answer.")
    decided = serializers.IntegerField(source="items_decided", help_text="Answered by a person.")
    silent = serializers.IntegerField(source="items_silent", help_text="Nobody answered; the campaign did.")
    dropped = serializers.IntegerField(source="items_dropped", help_text="Nothing was left to ask.")
    failed = serializers.IntegerField(source="items_failed", help_text="Decided, and could not be carried out.")


class CampaignShape(Shape):
    """One campaign."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    plan_id = serializers.UUIDField(allow_null=True, help_text="The plan that launched it.")
    name = serializers.CharField()
    scope = serializers.SerializerMethodField(help_text=SCOPE_HELP)
    reviewer_rule = serializers.ChoiceField(ReviewerRule.choices, help_text=RULE_HELP)
    on_silence = serializers.ChoiceField(OnSilence.choices, help_text=SILENCE_HELP)
    state = serializers.ChoiceField(CampaignState.choices)
    is_drift = serializers.BooleanField(
        help_text="The standing one that asks again what changed after a certification."
    )
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_reason = serializers.CharField()
    created_by = serializers.CharField()
    progress = ProgressShape(source="*")

    @extend_schema_field(OBJECT)
    def get_scope(self, campaign: ReviewCampaign) -> dict[str, Any]:
        return dict(campaign.scope)


class NewCampaign(Shape):
    """What a campaign asks about, whom, and by when."""

    name = serializers.CharField(max_length=160)
    scope = serializers.DictField(required=False, default=dict, help_text=SCOPE_HELP)
    due_at = serializers.DateTimeField(help_text="Any time in the future.")
    reviewer_rule = serializers.ChoiceField(
        ReviewerRule.choices, required=False, default=ReviewerRule.OWNER.value, help_text=RULE_HELP
    )
    on_silence = serializers.ChoiceField(
        OnSilence.choices, required=False, default=OnSilence.BY_TIER.value, help_text=SILENCE_HELP
    )
    tenant_id = serializers.UUIDField(required=False, help_text="Others than the own: platform administrator only.")


class CampaignQuery(ListQuery):
    """Which campaigns."""

    state = serializers.ChoiceField(CampaignState.choices, required=False)
    plan_id = serializers.UUIDField(required=False)
    is_drift = serializers.BooleanField(required=False, allow_null=True, default=None)


class CampaignReportQuery(Query):
    """How the report is written."""

    format = serializers.ChoiceField(FORMATS, default="json", help_text="`html` prints well.")


class PlanShape(Shape):
    """A rhythm of campaigns."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    name = serializers.CharField()
    scope = serializers.SerializerMethodField(help_text=SCOPE_HELP)
    every_days = serializers.IntegerField()
    answer_days = serializers.IntegerField(help_text="So many days a campaign is open.")
    reviewer_rule = serializers.ChoiceField(ReviewerRule.choices, help_text=RULE_HELP)
    on_silence = serializers.ChoiceField(OnSilence.choices, help_text=SILENCE_HELP)
    next_at = serializers.DateTimeField()
    ends_on = serializers.DateField(allow_null=True, help_text="No campaign begins after this day.")
    is_enabled = serializers.BooleanField()
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()

    @extend_schema_field(OBJECT)
    def get_scope(self, plan: Any) -> dict[str, Any]:
        return dict(plan.scope)


class PlanBody(Shape):
    """What a plan launches, and how often."""

    name = serializers.CharField(max_length=120)
    scope = serializers.DictField(required=False, help_text=SCOPE_HELP)
    every_days = serializers.IntegerField(min_value=1, max_value=1100)
    answer_days = serializers.IntegerField(required=False, min_value=1, max_value=365)
    reviewer_rule = serializers.ChoiceField(ReviewerRule.choices, required=False, help_text=RULE_HELP)
    on_silence = serializers.ChoiceField(OnSilence.choices, required=False, help_text=SILENCE_HELP)
    next_at = serializers.DateTimeField(required=False, help_text="When the next one begins; silent: now.")
    ends_on = serializers.DateField(required=False, allow_null=True)


class PlanChanges(PlanBody):
    """The same, and whether it launches any more."""

    is_enabled = serializers.BooleanField(required=False)


class NewPlan(PlanBody):
    """The same, and where."""

    tenant_id = serializers.UUIDField(required=False, help_text="Others than the own: platform administrator only.")
