"""The identity policy of a tenant: read by all who read the register, changed by its administrators."""

from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.serializers import Query, Shape
from identities.api.views import PortalView
from identities.inventory import services as inventory
from identities.inventory.auth_methods import VERDICTS
from identities.inventory.standards import as_rules
from identities.inventory.standards_rows import standards_of
from identities.inventory.vocabulary import AuthMethod, Kind, RiskTier
from identities.names import camel

EXAMPLE = {
    "rotationDays": {"high": 14},
    "naming": {"bot": "[a-z]+(-[a-z0-9]+)*-bot"},
    "reason": "Agreed with security on 3 March.",
}
_METHODS = [method.value for method in AuthMethod if method not in (AuthMethod.UNKNOWN, AuthMethod.HUMAN_SHARED_ADMIN)]


def _object(keys: list[str], value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict.fromkeys(keys, value), "additionalProperties": False}


_DAYS = _object(RiskTier.values, {"type": "integer", "minimum": 1, "maximum": 3650})
_LIST = {"type": "array", "items": {"type": "string", "enum": _METHODS}}


@extend_schema_field(_DAYS)
class DaysByTier(serializers.JSONField):
    """Days by risk tier."""


@extend_schema_field(_object(RiskTier.values, {"type": "integer", "minimum": 1, "maximum": 2160}))
class HoursByTier(serializers.JSONField):
    """Hours by risk tier."""


@extend_schema_field(_object(RiskTier.values, {"type": "string", "enum": ["alert", "throttle", "retire"]}))
class EndingsByTier(serializers.JSONField):
    """What happens after a deadline, by risk tier."""


@extend_schema_field(_object(RiskTier.values, _LIST))
class MethodsByTier(serializers.JSONField):
    """Ways to authenticate by risk tier."""


@extend_schema_field(_object(Kind.values, _LIST))
class MethodsByKind(serializers.JSONField):
    """Ways to authenticate by kind."""


@extend_schema_field(_object(Kind.values, {"type": "string", "maxLength": 200}))
class PatternsByKind(serializers.JSONField):
    """Regular expressions by kind."""


@extend_schema_field({"type": "array", "items": {"type": "string", "maxLength": 64}})
class Classes(serializers.JSONField):
    """Classes of data."""


class VerdictShape(Shape):
    """What is to be said of one way to authenticate."""

    auth_method = serializers.CharField()
    verdict = serializers.CharField()
    best_for = serializers.CharField()
    weakness = serializers.CharField()


class RulesShape(Shape):
    """The rules; null takes a member, or a key in it, back to the default."""

    what_counts = serializers.CharField(
        max_length=4000, required=False, allow_null=True, help_text="What a non-human identity is, in a paragraph."
    )
    how_to_request = serializers.CharField(
        max_length=4000, required=False, allow_null=True, help_text="How one is asked for."
    )
    rotation_days = DaysByTier(required=False, allow_null=True, help_text="Days between two rotations, by risk tier.")
    review_days = DaysByTier(required=False, allow_null=True, help_text="Days between two reviews, by risk tier.")
    dormant_after_days = serializers.IntegerField(
        min_value=1,
        max_value=3650,
        required=False,
        allow_null=True,
        help_text="Days of silence after which an identity without a known cadence is dormant.",
    )
    overlap_hours = HoursByTier(
        required=False, allow_null=True, help_text="Hours that two secrets may both work during a rotation."
    )
    silent_hours = HoursByTier(
        required=False, allow_null=True, help_text="Hours of silence after which a replaced secret is retired."
    )
    after_deadline = EndingsByTier(
        required=False, allow_null=True, help_text="What becomes of a replaced secret that is used past the deadline."
    )
    auth_methods = MethodsByTier(
        required=False, allow_null=True, help_text="How an identity may prove itself, by risk tier."
    )
    auth_methods_by_kind = MethodsByKind(
        required=False,
        allow_null=True,
        help_text="In the place of the tier's list; an empty list takes it away.",
    )
    naming = PatternsByKind(
        required=False, allow_null=True, help_text="What the whole name fits, by kind. A deviation is a finding."
    )
    data_classifications = Classes(required=False, allow_null=True, help_text="The classes of data that are offered.")


class StandardsShape(RulesShape):
    """All rules that are in force, with what is to be said of each way to authenticate."""

    tenant_id = serializers.UUIDField()
    verdicts = VerdictShape(many=True)


class ChangedRules(RulesShape):
    """What to lay over the rules."""

    tenant_id = serializers.UUIDField(required=False, help_text="Another tenant: platform administrator only.")
    reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default="", help_text="Why; kept in the audit."
    )


class StandardsQuery(Query):
    """Whose rules."""

    tenant_id = serializers.UUIDField(
        required=False, help_text="Whose rules. Others than the own tenant: platform administrator and AUDITOR only."
    )


class StandardsView(PortalView):
    """The identity policy that create, rotate, review and findings hold identities to."""

    resource_kind = "standards"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "PATCH": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": "identity.read"}

    @describe("Read the identity policy", answer=StandardsShape, query=StandardsQuery)
    def get(self, request: Request) -> Response:
        tenant = self.tenant_for(self.read_query(StandardsQuery).get("tenant_id"))
        return self._answer(tenant.pk)

    @describe(
        "Change the identity policy",
        answer=StandardsShape,
        body=ChangedRules,
        examples={"Stricter for high risk, names for bots": EXAMPLE},
        description=(
            "Members that are named are laid over the rules, key by key; null goes back to the default. In force at "
            "once for what is created and changed; what is there already is judged anew within seconds."
        ),
    )
    def patch(self, request: Request) -> Response:
        rules = self.read(ChangedRules, partial=True)
        tenant = self.tenant_for(rules.pop("tenant_id", None))
        reason = rules.pop("reason", "")
        inventory.change_standards(tenant_id=tenant.pk, rules=rules, actor=self.actor, reason=reason)
        return self._answer(tenant.pk)

    def _answer(self, tenant_id: UUID) -> Response:
        rules = {camel(name): rule for name, rule in as_rules(standards_of(tenant_id)).items()}
        verdicts = [
            {"authMethod": method, "verdict": of.verdict, "bestFor": of.best_for, "weakness": of.weakness}
            for method, of in VERDICTS.items()
        ]
        return Response({"tenantId": str(tenant_id), **rules, "verdicts": verdicts})


urlpatterns = [path("standards", StandardsView.as_view(), name="standards")]
