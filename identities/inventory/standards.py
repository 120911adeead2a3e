"""The identity policy of a tenant: what is allowed and how long it may last. Pure: rules in, answers out (S3-70).

The same figures stand on the one-page policy, and create, rotate, review and findings enforce them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from identities.inventory.vocabulary import AuthMethod, Kind, RiskTier

Methods = tuple[str, ...]

#: Good at any tier: nothing in them is worth stealing tomorrow.
_SHORT_LIVED: Methods = (
    AuthMethod.FEDERATED.value,
    AuthMethod.MTLS.value,
    AuthMethod.VAULT_DYNAMIC.value,
    AuthMethod.OAUTH_DELEGATED.value,
    AuthMethod.CONDITIONAL_SERVICE_ACCOUNT.value,
    AuthMethod.AGENT_BROKER.value,
)
_STATIC: Methods = (AuthMethod.LONG_LIVED_SECRET.value, AuthMethod.STATIC_API_KEY.value)
#: No rule of a tenant can allow these: a shared account proves nobody.
NEVER_ALLOWED = frozenset({AuthMethod.HUMAN_SHARED_ADMIN.value})


@dataclass(frozen=True, slots=True)
class Standards:
    """The rules of one tenant, complete: what it did not say itself is filled in from `DEFAULTS`.

    By risk tier: `rotation_days`, `review_days`, `auth_methods`, `overlap_hours` (how long two secrets may both work),
    `silent_hours` (how long the old one is silent before it ends) and `after_deadline` (alert, throttle, retire).
    `auth_methods_by_kind` stands in the place of the tier's list for the kinds it names; `naming` maps a kind to a
    regular expression that the whole name fits.
    """

    what_counts: str
    how_to_request: str
    rotation_days: Mapping[str, int]
    review_days: Mapping[str, int]
    dormant_after_days: int
    overlap_hours: Mapping[str, int]
    silent_hours: Mapping[str, int]
    after_deadline: Mapping[str, str]
    auth_methods: Mapping[str, Methods]
    auth_methods_by_kind: Mapping[str, Methods]
    naming: Mapping[str, str]
    data_classifications: tuple[str, ...]

    def allowed_methods(self, *, kind: str, tier: str) -> Methods:
        """The ways in which an identity of this kind and tier may prove itself."""
        return self.auth_methods_by_kind.get(kind) or self.auth_methods.get(tier, ())

    def allows(self, auth_method: str, *, kind: str, tier: str) -> bool:
        """Is this way allowed? What is not known is not refused: it is asked for."""
        if auth_method == AuthMethod.UNKNOWN:
            return True
        return auth_method not in NEVER_ALLOWED and auth_method in self.allowed_methods(kind=kind, tier=tier)

    def name_fits(self, name: str, *, kind: str) -> bool:
        """Does the whole name fit the rule for its kind? Where there is none, every name does (S3-73)."""
        pattern = self.naming.get(kind)
        return pattern is None or re.fullmatch(pattern, name) is not None


DEFAULTS = Standards(
    what_counts=(
        "Everything that signs in, calls or signs without a person at the keyboard: service accounts, API clients, "
        "bots, jobs, deploy runners, connectors, cloud keys, database users, webhooks and AI agents."
    ),
    how_to_request=(
        "Ask in the portal, before anything is created: say what it is for, where it works, who answers for it and "
        "until when it is needed."
    ),
    rotation_days=MappingProxyType({RiskTier.LOW.value: 180, RiskTier.MEDIUM.value: 90, RiskTier.HIGH.value: 30}),
    review_days=MappingProxyType({RiskTier.LOW.value: 365, RiskTier.MEDIUM.value: 180, RiskTier.HIGH.value: 90}),
    dormant_after_days=90,
    overlap_hours=MappingProxyType({RiskTier.LOW.value: 336, RiskTier.MEDIUM.value: 168, RiskTier.HIGH.value: 48}),
    silent_hours=MappingProxyType({RiskTier.LOW.value: 24, RiskTier.MEDIUM.value: 6, RiskTier.HIGH.value: 1}),
    after_deadline=MappingProxyType(
        {RiskTier.LOW.value: "alert", RiskTier.MEDIUM.value: "throttle", RiskTier.HIGH.value: "retire"}
    ),
    auth_methods=MappingProxyType(
        {
            RiskTier.LOW.value: (*_SHORT_LIVED, *_STATIC, AuthMethod.PASSWORD.value),
            RiskTier.MEDIUM.value: (*_SHORT_LIVED, *_STATIC),
            RiskTier.HIGH.value: _SHORT_LIVED,
        }
    ),
    auth_methods_by_kind=MappingProxyType(
        {
            # A pipeline and an agent always run where a token can be had for the asking.
            Kind.DEPLOY_RUNNER.value: (
                AuthMethod.FEDERATED.value,
                AuthMethod.MTLS.value,
                AuthMethod.VAULT_DYNAMIC.value,
                AuthMethod.CONDITIONAL_SERVICE_ACCOUNT.value,
            ),
            Kind.AI_AGENT.value: (
                AuthMethod.AGENT_BROKER.value,
                AuthMethod.OAUTH_DELEGATED.value,
                AuthMethod.FEDERATED.value,
                AuthMethod.MTLS.value,
                AuthMethod.VAULT_DYNAMIC.value,
            ),
            # Somebody else's product: often it takes a key and nothing better (S3-05).
            Kind.SAAS_CONNECTOR.value: (*_SHORT_LIVED, *_STATIC),
            Kind.WEBHOOK.value: (*_SHORT_LIVED, *_STATIC),
        }
    ),
    naming=MappingProxyType({}),
    data_classifications=("public", "internal", "confidential", "restricted"),
)


def standards_from(rules: Mapping[str, object]) -> Standards:
    """`rules` as a row of TenantStandards keeps them (snake case, only what differs), laid over the defaults.

    Mappings are laid over member by member; a kind whose rule is empty or None has none.
    """
    return Standards(**{name: _laid_over(getattr(DEFAULTS, name), rules.get(name)) for name in MEMBERS})


MEMBERS: tuple[str, ...] = tuple(Standards.__dataclass_fields__)


def laid_over(rules: Mapping[str, object], given: Mapping[str, object]) -> dict[str, object]:
    """`rules` with `given` laid over them, as a row keeps both; None takes what was there back to the default."""
    merged = {**rules, **{name: _merged(rules.get(name), value) for name, value in given.items()}}
    return {name: value for name, value in merged.items() if value is not None}


def as_rules(standards: Standards) -> dict[str, object]:
    """All rules as plain JSON, in snake case."""
    return {name: _thawed(getattr(standards, name)) for name in MEMBERS}


def _laid_over(default: Any, given: Any) -> Any:
    if given is None:
        return default
    if isinstance(default, Mapping) and isinstance(given, Mapping):
        return MappingProxyType({key: _frozen(value) for key, value in {**default, **given}.items() if value})
    return _frozen(given)


def _merged(before: object, value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    members = {**(before if isinstance(before, Mapping) else {}), **value}
    return {key: rule for key, rule in members.items() if rule is not None} or None


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value


def _thawed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _thawed(rule) for key, rule in value.items()}
    return list(value) if isinstance(value, tuple) else value
