"""Bodies and answers around review items: the question with its evidence, and the ways to answer it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.campaign_shapes import OBJECT, camelled
from identities.api.serializers import ListQuery, ReasonShape, Reference, Shape
from identities.recertification.models import (
    Decision,
    ItemState,
    RemediationState,
    ReviewDecision,
    ReviewItem,
)

MOST_AT_ONCE = 25
TO_DECIDE = [choice for choice in Decision.choices if choice[0] != Decision.NO_RESPONSE]


class ReviewItemShape(Shape):
    """One question about one identity."""

    id = serializers.UUIDField()
    campaign_id = serializers.UUIDField()
    identity_id = serializers.UUIDField()
    identity = serializers.SerializerMethodField()
    risk_tier = serializers.CharField()
    state = serializers.ChoiceField(ItemState.choices)
    reviewer = serializers.SerializerMethodField(help_text="Null: nobody is left to ask.")
    asks = serializers.ListField(child=serializers.CharField(), help_text="Only these parts, after drift; empty: all.")
    evidence = serializers.SerializerMethodField(
        help_text="owner, access, lastUsed, dependencies, changes and findings, frozen when the item was made."
    )
    evidence_at = serializers.DateTimeField(allow_null=True)
    evidence_hash = serializers.CharField(help_text="SHA-256 of the evidence.")
    unclear = serializers.ListField(
        child=serializers.CharField(), help_text="Questions without an answer: any means not ready for production."
    )
    recommendation = serializers.CharField(allow_blank=True)
    recommendation_reason = serializers.CharField()
    preselected = serializers.ListField(child=serializers.CharField(), help_text="Bindings that nothing used.")
    decision = serializers.CharField(allow_blank=True)
    decision_reason = serializers.CharField()
    decided_by = serializers.CharField(source="decided_by_label")
    decided_at = serializers.DateTimeField(allow_null=True)
    remediation = serializers.SerializerMethodField(help_text="What came of the decision.")
    undo_until = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(source="campaign.due_at")

    @extend_schema_field(Reference)
    def get_identity(self, item: ReviewItem) -> dict[str, Any]:
        return {"id": str(item.identity_id), "label": item.identity.name}

    @extend_schema_field(Reference(allow_null=True))
    def get_reviewer(self, item: ReviewItem) -> dict[str, Any] | None:
        if not item.reviewer_id and not item.reviewer_label:
            return None
        return {"id": str(item.reviewer_id) if item.reviewer_id else None, "label": item.reviewer_label}

    @extend_schema_field(OBJECT)
    def get_evidence(self, item: ReviewItem) -> dict[str, Any]:
        return dict(item.evidence)

    @extend_schema_field(
        {
            "type": "object",
            "properties": {
                "state": {"type": "string", "enum": RemediationState.values},
                "at": {"type": "string", "format": "date-time", "nullable": True},
            },
            "additionalProperties": True,
        }
    )
    def get_remediation(self, item: ReviewItem) -> dict[str, Any]:
        at = item.remediated_at.isoformat().replace("+00:00", "Z") if item.remediated_at else None
        return {**camelled(item.remediation), "state": item.remediation_state, "at": at}


class AnswerShape(Shape):
    """One answer an item got; undone ones stay."""

    decision = serializers.ChoiceField(Decision.choices)
    reason = serializers.CharField()
    by = serializers.CharField(source="by_label")
    at = serializers.DateTimeField()
    evidence_hash = serializers.CharField()
    seconds = serializers.FloatField(allow_null=True)
    batch_size = serializers.IntegerField()
    undone_at = serializers.DateTimeField(allow_null=True)
    undone_by = serializers.CharField()
    undone_reason = serializers.CharField()


class WholeReviewItemShape(ReviewItemShape):
    """An item with every answer it got and everybody who was asked."""

    answers = serializers.SerializerMethodField()
    trail = serializers.SerializerMethodField(help_text="Who was asked, in turn, and why.")

    @extend_schema_field(AnswerShape(many=True))
    def get_answers(self, item: ReviewItem) -> list[Any]:
        rows: list[ReviewDecision] = list(item.decisions.all())
        return list(AnswerShape(rows, many=True).data)

    @extend_schema_field({"type": "array", "items": OBJECT})
    def get_trail(self, item: ReviewItem) -> list[Any]:
        return list(camelled(item.trail))


class ReviewItemQuery(ListQuery):
    """Which items."""

    state = serializers.ChoiceField(ItemState.choices, required=False)
    reviewer = serializers.CharField(required=False, max_length=254, help_text="`me`, an id or an e-mail address.")
    decision = serializers.ChoiceField(Decision.choices, required=False)
    recommendation = serializers.ChoiceField(Decision.choices, required=False)
    remediation_state = serializers.ChoiceField(RemediationState.choices, required=False)
    risk_tier = serializers.CharField(required=False, max_length=8)
    identity_id = serializers.UUIDField(required=False)


class EveryReviewItemQuery(ReviewItemQuery):
    """The same, across campaigns."""

    campaign_id = serializers.UUIDField(required=False)


class DecideBody(Shape):
    """The answer."""

    decision = serializers.ChoiceField(TO_DECIDE)
    reason = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        default="",
        help_text="Needed unless it certifies as recommended.",
    )
    bindings = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=500,
        help_text="Of a reduction: the role bindings that end. Silent: those that nothing used.",
    )
    reviewer = serializers.CharField(
        required=False, max_length=254, help_text="Of a reassignment: the id or the e-mail address of a person."
    )


class CertifyBody(ReasonShape):
    """Which ones, at once; the record says how many."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), allow_empty=False, max_length=MOST_AT_ONCE, help_text="25 at the most."
    )
