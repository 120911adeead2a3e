"""Bodies and answers around approvals: what is asked, whose word is needed, who has given it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.serializers import ListQuery, Reference, Shape
from identities.approvals.four_eyes import Refusal
from identities.approvals.models import ApprovalRequest, ApprovalState, Need
from identities.approvals.selectors import met
from identities.approvals.voters import voice
from identities.inventory.vocabulary import RiskTier
from identities.names import camel
from identities.people.models import User

HASH = 64


class NeedShape(Shape):
    """Whose word is needed."""

    need = serializers.ChoiceField(Need.choices)
    is_met = serializers.BooleanField()
    met_by = serializers.CharField(help_text="Who gave it; empty until then.")
    met_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()


class SubjectShape(Shape):
    """What it is about."""

    kind = serializers.CharField(help_text="`identity_request`, `identity`, `elevation`, `break_glass`, `schedule`.")
    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the field's own label


class ApprovalShape(Shape):
    """One approval."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    subject = serializers.SerializerMethodField()
    identity = serializers.SerializerMethodField()
    summary = serializers.CharField()
    risk_tier = serializers.CharField()
    state = serializers.ChoiceField(ApprovalState.choices, help_text="Only `pending` takes a word.")
    state_reason = serializers.CharField()
    needs = serializers.SerializerMethodField(help_text="Each needs a word; of the high tier of two different people.")
    content_hash = serializers.CharField(help_text="SHA-256 of what is approved. Send it with your word.")
    ticket = serializers.CharField()
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True, help_text="Unanswered by then it expires.")

    @extend_schema_field(SubjectShape)
    def get_subject(self, row: ApprovalRequest) -> dict[str, Any]:
        return {"kind": row.subject_kind, "id": str(row.subject_id), "label": row.subject_label}

    @extend_schema_field(Reference(allow_null=True))
    def get_identity(self, row: ApprovalRequest) -> dict[str, Any] | None:
        return {"id": str(row.identity_id), "label": row.identity.name} if row.identity else None

    @extend_schema_field(NeedShape(many=True))
    def get_needs(self, row: ApprovalRequest) -> list[Any]:
        found = met(row)
        return [_need(need, found.get(Need(need))) for need in row.needs]


class WholeApprovalShape(ApprovalShape):
    """An approval with what is approved."""

    content = serializers.SerializerMethodField(help_text="What is approved, whole and without secrets.")
    previous_content = serializers.SerializerMethodField(help_text="What stood before; null where nothing did.")
    change_note = serializers.CharField()
    rollback_plan = serializers.CharField()
    refusal = serializers.SerializerMethodField(
        help_text="Why the caller may not give a word now, as `code` and `detail`; null where they may."
    )

    @extend_schema_field(serializers.DictField())
    def get_content(self, row: ApprovalRequest) -> dict[str, Any]:
        return _outside(row.content)

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_previous_content(self, row: ApprovalRequest) -> dict[str, Any] | None:
        return None if row.previous_content is None else _outside(row.previous_content)

    @extend_schema_field(serializers.DictField(child=serializers.CharField(), allow_null=True))
    def get_refusal(self, row: ApprovalRequest) -> dict[str, str] | None:
        if row.state != ApprovalState.PENDING:
            return {"code": "already_decided", "detail": f"This approval is {row.state} already."}
        person = User.objects.filter(pk=self.context["view"].principal.user_id).first()
        found = voice(row, person) if person else Refusal("not_a_person", "Only a person decides.")
        return {"code": found.code, "detail": found.sentence} if isinstance(found, Refusal) else None


class ApproveBody(Shape):
    """A yes."""

    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    content_hash = serializers.CharField(
        min_length=HASH,
        max_length=HASH,
        required=False,
        help_text="What you saw. Another than the one that stands is a 409, `changed_since`.",
    )


class RejectBody(Shape):
    """A no."""

    reason = serializers.CharField(max_length=500, help_text="Why; who asked reads it.")


class ApprovalQuery(ListQuery):
    """Which approvals."""

    state = serializers.ChoiceField(ApprovalState.choices, required=False)
    subject_kind = serializers.CharField(required=False, max_length=32)
    subject_id = serializers.UUIDField(required=False)
    identity_id = serializers.UUIDField(required=False)
    risk_tier = serializers.ChoiceField(RiskTier.choices, required=False)
    mine = serializers.BooleanField(required=False, help_text="True: those that wait for the caller's word.")


def _need(need: str, vote: Any) -> dict[str, Any]:
    by = {"need": need, "is_met": vote is not None, "met_by": vote.person_label if vote else ""}
    return dict(NeedShape({**by, "met_at": vote.at if vote else None, "reason": vote.reason if vote else ""}).data)


def _outside(content: dict[str, Any]) -> dict[str, Any]:
    return {camel(name): value for name, value in content.items()}
