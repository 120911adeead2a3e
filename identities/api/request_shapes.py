"""Bodies and answers of requests for identities, and of the bundles they start from."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.access.bundles import RoleBundle
from identities.api.register_shapes import SecretReferenceShape
from identities.api.serializers import ListQuery, OptionalReasonShape, Reference, Shape
from identities.api.written_identity import WrittenOwner
from identities.approvals.models import Need
from identities.inventory import members
from identities.inventory.vocabulary import BlastRadius, Environment, Function, Kind, RiskTier, TrustBoundary
from identities.requests import selectors, wanted
from identities.requests.models import IdentityRequest, RequestState

TEXT: dict[str, Any] = {"required": False, "allow_blank": True}
NEEDS = [need.value for need in Need]


class EvidenceFieldShape(Shape):
    """What a request for the bundle says beside the form."""

    key = serializers.CharField(help_text="Its member in `evidence`.")
    label = serializers.CharField()  # type: ignore[assignment]  # a member, not the field's own label
    help = serializers.CharField()


class BundleShape(Shape):
    """A role to begin with; a request may narrow its permissions."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a member, not the field's own label
    description = serializers.CharField()
    good_for = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
    risk_tier = serializers.ChoiceField(RiskTier.choices, source="floor", help_text="The lowest a request can have.")
    kind = serializers.ChoiceField(Kind.choices, help_text="What an identity of it is, where the request is silent.")
    function = serializers.ChoiceField(Function.choices)
    blast_radius = serializers.ChoiceField(BlastRadius.choices)
    trust_boundary = serializers.ChoiceField(TrustBoundary.choices)
    longest_days = serializers.SerializerMethodField(help_text="A request ends within so many days.")
    evidence = EvidenceFieldShape(many=True)

    @extend_schema_field(serializers.IntegerField())
    def get_longest_days(self, bundle: RoleBundle) -> int:
        return bundle.longest.days


class RequestFacts(Shape):
    """What is asked for."""

    bundle = serializers.CharField(max_length=64, required=False, help_text="A key of `GET /api/roleBundles`.")
    name = serializers.CharField(max_length=120, required=False, help_text="Free in the tenant.")
    kind = serializers.ChoiceField(Kind.choices, required=False, help_text="Else the bundle's.")
    environment = serializers.ChoiceField(Environment.choices, required=False)
    purpose = serializers.CharField(max_length=members.MAX_TEXT, required=False, help_text="What it is for.")
    workflow = serializers.CharField(max_length=wanted.LENGTHS["workflow"], **TEXT, help_text="What works with it.")
    technical_owner = WrittenOwner(
        required=False, allow_null=True, help_text="The id or e-mail of a person. Silent, with no team: who asks."
    )
    owner_team = WrittenOwner(required=False, allow_null=True, help_text="The id or name of a team of the tenant.")
    data_classification = serializers.CharField(max_length=64, **TEXT)
    customer_facing = serializers.BooleanField(required=False, help_text="Customers depend on it: high tier.")
    permissions = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, help_text="Some of the bundle's. Silent: all."
    )
    expires_at = serializers.DateTimeField(required=False, help_text="Within the longest time of the bundle.")
    ticket = serializers.CharField(max_length=120, **TEXT, help_text="Ticket or pull request.")
    store_secret_at = SecretReferenceShape(
        required=False, allow_null=True, help_text="Where its secret goes. Silent: to who asks, once."
    )
    evidence = serializers.DictField(
        child=serializers.CharField(max_length=wanted.MAX_EVIDENCE, allow_blank=True),
        required=False,
        help_text="What the bundle asks for, by `evidence[].key`.",
    )
    change_note = serializers.CharField(max_length=wanted.LENGTHS["change_note"], **TEXT)
    rollback_plan = serializers.CharField(max_length=wanted.LENGTHS["rollback_plan"], **TEXT)


class NewRequest(RequestFacts):
    """A request; bundle, name, environment, purpose and expiresAt are always required."""

    tenant_id = serializers.UUIDField(required=False, help_text="Another tenant: platform administrator only.")
    identity_id = serializers.UUIDField(
        required=False,
        help_text="A role for an identity that is there: name, environment and purpose are its own, and no secret.",
    )


class CheckShape(Shape):
    """How one automated check came out."""

    check = serializers.CharField()
    is_passed = serializers.BooleanField()
    text = serializers.CharField()


class TierReasonShape(Shape):
    """One reason for the tier, and the tier it leads to at least."""

    tier = serializers.ChoiceField(RiskTier.choices)
    text = serializers.CharField()


class VoteShape(Shape):
    """Somebody's word."""

    need = serializers.ChoiceField(Need.choices)
    person = serializers.CharField(source="person_label")
    is_approval = serializers.BooleanField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class AskedIdentityShape(Shape):
    """A request, how far it is, and whose word is waited for."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    state = serializers.ChoiceField(RequestState.choices)
    state_reason = serializers.CharField()
    problem = serializers.CharField(help_text="Why an approved one is not issued yet; tried again by itself.")
    risk_tier = serializers.ChoiceField(RiskTier.choices)
    tier_reasons = TierReasonShape(many=True)
    needs = serializers.SerializerMethodField(help_text="Whose word is still waited for.")
    votes = serializers.SerializerMethodField()
    checks = CheckShape(many=True)
    content_hash = serializers.CharField(
        source="approval.content_hash", default="", help_text="SHA-256 of what is approved."
    )
    approval_id = serializers.UUIDField(allow_null=True)
    identity_id = serializers.UUIDField(allow_null=True, help_text="What came of it, or whom it is for.")
    is_for_existing = serializers.BooleanField()
    bundle = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Kind.choices)
    environment = serializers.ChoiceField(Environment.choices)
    purpose = serializers.CharField()
    workflow = serializers.CharField()
    technical_owner = serializers.SerializerMethodField()
    owner_team = serializers.SerializerMethodField()
    data_classification = serializers.CharField()
    customer_facing = serializers.BooleanField()
    permissions = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField()
    ticket = serializers.CharField()
    store_secret_at = serializers.JSONField(allow_null=True)
    evidence = serializers.DictField(child=serializers.CharField())
    change_note = serializers.CharField()
    rollback_plan = serializers.CharField()
    requested_by = serializers.CharField()
    requested_by_id = serializers.CharField()
    requested_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    issued_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    secret_collected_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(NEEDS)))
    def get_needs(self, row: IdentityRequest) -> list[str]:
        return selectors.needs_left(row)

    @extend_schema_field(VoteShape(many=True))
    def get_votes(self, row: IdentityRequest) -> list[dict[str, Any]]:
        votes = row.approval.votes.all() if row.approval else ()
        return [dict(VoteShape(vote).data) for vote in votes]

    @extend_schema_field(Reference(allow_null=True))
    def get_technical_owner(self, row: IdentityRequest) -> dict[str, Any] | None:
        person = row.technical_owner
        return {"id": str(person.pk), "label": person.email} if person else None

    @extend_schema_field(Reference(allow_null=True))
    def get_owner_team(self, row: IdentityRequest) -> dict[str, Any] | None:
        return {"id": str(row.owner_team.pk), "label": row.owner_team.name} if row.owner_team else None


class NewlyAskedIdentityShape(AskedIdentityShape):
    """A new request; of low tier its secret is here once, unless it was put into a vault."""

    client_id = serializers.CharField(required=False)
    client_secret = serializers.CharField(required=False)


class CollectedSecret(Shape):
    """The secret of what was issued, here once."""

    identity_id = serializers.UUIDField()
    client_id = serializers.CharField()
    client_secret = serializers.CharField()


class ApprovalBody(OptionalReasonShape):
    """A yes, perhaps to exactly what was seen."""

    content_hash = serializers.CharField(
        max_length=64, required=False, help_text="`contentHash` of what was read: a 409 where it is another by now."
    )


class RequestQuery(ListQuery):
    """Which requests."""

    state = serializers.ChoiceField(RequestState.choices, required=False)
    mine = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="True: one's own alone.")
    risk_tier = serializers.ChoiceField(RiskTier.choices, required=False)
    bundle = serializers.CharField(max_length=64, required=False)
