"""The filters of the list of identities: their words, and the conditions they stand for."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q
from rest_framework import serializers

from identities.api.serializers import ListQuery
from identities.inventory import conditions, selectors
from identities.inventory.states import State
from identities.inventory.triage import CODES
from identities.inventory.vocabulary import (
    AuthMethod,
    BlastRadius,
    Criticality,
    DisableStrategy,
    Environment,
    Function,
    Issuance,
    Kind,
    OwnershipClass,
    PrivilegeLevel,
    RiskTier,
    Triage,
    TrustBoundary,
    UseState,
)
from identities.names import camel

MISSING = {camel(member): member for member in conditions.MISSING}


def _flag(**kwargs: Any) -> serializers.BooleanField:
    # Without a default of its own, a flag that is not in an address reads as false.
    return serializers.BooleanField(required=False, allow_null=True, default=None, **kwargs)


class MissingMember(serializers.ChoiceField):
    """A member of the record, as the answers spell it; in snake_case too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(sorted(MISSING), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return MISSING[super().to_internal_value(camel(str(data)))]


class IdentityQuery(ListQuery):
    """The filters of the list of identities."""

    environment = serializers.ChoiceField(Environment.choices, required=False)
    state = serializers.ChoiceField([state.value for state in State], required=False)
    kind = serializers.ChoiceField(Kind.choices, required=False)
    issuance = serializers.ChoiceField(Issuance.choices, required=False)
    ownership_class = serializers.ChoiceField(OwnershipClass.choices, required=False)
    function = serializers.ChoiceField(Function.choices, required=False)
    trust_boundary = serializers.ChoiceField(TrustBoundary.choices, required=False)
    blast_radius = serializers.ChoiceField(BlastRadius.choices, required=False)
    privilege_level = serializers.ChoiceField(PrivilegeLevel.choices, required=False)
    business_criticality = serializers.ChoiceField(Criticality.choices, required=False)
    risk_tier = serializers.ChoiceField(RiskTier.choices, required=False)
    auth_method = serializers.ChoiceField(AuthMethod.choices, required=False)
    disable_strategy = serializers.ChoiceField(DisableStrategy.choices, required=False)
    internet_exposed = _flag()
    customer_facing = _flag()
    triage = serializers.ChoiceField(Triage.choices, required=False)
    reason_code = serializers.ChoiceField(
        sorted(CODES), required=False, help_text="One of the reasons of its colour, by code."
    )
    use_state = serializers.ChoiceField(UseState.choices, required=False)
    orphaned = _flag(help_text="Attributed to nobody, no team, or no ticket and no repository.")
    missing = MissingMember(required=False, help_text="The member of which nothing is known.")
    source = serializers.CharField(  # type: ignore[assignment]  # a field, not the field's own source
        max_length=200, required=False, help_text="A source that reports it (aws/644160558196), or a platform (aws)."
    )
    not_reported = _flag(help_text="Its source no longer reports it.")
    tag = serializers.CharField(max_length=509, required=False, help_text="key:value, or a word.")
    business_unit = serializers.CharField(max_length=120, required=False)
    application = serializers.CharField(max_length=120, required=False)
    ticket = serializers.CharField(max_length=120, required=False)
    data_classification = serializers.CharField(max_length=64, required=False)
    owner = serializers.CharField(max_length=254, required=False, help_text="An id, an e-mail or a label.")
    owner_team = serializers.CharField(max_length=120, required=False, help_text="An id or a name.")
    q = serializers.CharField(max_length=120, required=False, help_text="Anywhere in name, client id, purpose, owner…")
    last_used_before = serializers.DateTimeField(required=False, help_text="Not seen since; never seen counts.")
    never_used = _flag()
    expires_before = serializers.DateTimeField(required=False, help_text="Its purpose ends before.")
    review_before = serializers.DateField(required=False, help_text="Its review is due before.")
    rotate_before = serializers.DateTimeField(required=False, help_text="The first of its credentials is due before.")


#: Words of closed lists, compared as they are.
EXACT = (
    "environment",
    "state",
    "kind",
    "issuance",
    "ownership_class",
    "function",
    "trust_boundary",
    "blast_radius",
    "privilege_level",
    "business_criticality",
    "risk_tier",
    "auth_method",
    "disable_strategy",
    "triage",
    "use_state",
)
#: Texts that people type: compared whole, whatever their case.
TYPED = ("business_unit", "application", "ticket", "data_classification")
FLAGS: Mapping[str, Q] = {
    "internet_exposed": Q(internet_exposed=True),
    "customer_facing": Q(customer_facing=True),
    "orphaned": Q(is_orphaned=True),
    "not_reported": conditions.not_reported(),
    "never_used": selectors.NEVER_USED,
}
ASKED: Mapping[str, Callable[[Any], Q]] = {
    "owner": selectors.owned_by,
    "owner_team": selectors.in_team,
    "q": selectors.matching,
    "last_used_before": selectors.unused_since,
    "reason_code": conditions.with_reason,
    "missing": conditions.MISSING.__getitem__,
    "source": conditions.from_source,
    "tag": conditions.tagged,
    "expires_before": conditions.expiring_before,
    "review_before": conditions.reviewed_before,
    "rotate_before": conditions.rotating_before,
}


def condition(query: Mapping[str, Any]) -> Q:
    """All filters of `query` together."""
    found = Q(**{name: query[name] for name in EXACT if query.get(name)})
    found &= Q(**{f"{name}__iexact": query[name] for name in TYPED if query.get(name)})
    for name, holds in FLAGS.items():
        if query.get(name) is not None:
            found &= holds if query[name] else ~holds
    for name, ask in ASKED.items():
        if query.get(name):
            found &= ask(query[name])
    return found
