"""A scope: whom a campaign asks about, as filters of the register's list; read, counted, and turned into rows."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime

from identities.errors import Invalid
from identities.inventory import conditions, selectors as register
from identities.inventory.models import ManagedIdentity
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
from identities.names import camel, snake

Scope = Mapping[str, Any]
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: So many words may stand behind one filter; any of them will do.
MOST = 50
LONGEST = 254
#: Retired ones are never asked about.
STATES = tuple(state.value for state in State if state is not State.RETIRED)
#: Closed lists, compared as they are.
WORDS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "environment": Environment.values,
        "state": STATES,
        "kind": Kind.values,
        "issuance": Issuance.values,
        "ownership_class": OwnershipClass.values,
        "function": Function.values,
        "trust_boundary": TrustBoundary.values,
        "blast_radius": BlastRadius.values,
        "privilege_level": PrivilegeLevel.values,
        "business_criticality": Criticality.values,
        "risk_tier": RiskTier.values,
        "auth_method": AuthMethod.values,
        "disable_strategy": DisableStrategy.values,
        "triage": Triage.values,
        "use_state": UseState.values,
    }
)
FLAGS: Mapping[str, Q] = MappingProxyType(
    {
        "internet_exposed": Q(internet_exposed=True),
        "customer_facing": Q(customer_facing=True),
        "orphaned": Q(is_orphaned=True),
        "not_reported": conditions.not_reported(),
        "never_used": register.NEVER_USED,
        "temporary": Q(expires_at__isnull=False),
    }
)
_FINDING = re.compile(r"[a-z0-9][a-z0-9_.-]{0,47}")


def _finding(code: str) -> Q:
    if not _FINDING.fullmatch(code):
        raise ValueError("This is no code of a finding.")
    # Findings stand beside this room: asked through the row, by the names of its relation.
    open_ones = ManagedIdentity.objects.filter(findings__code=code, findings__state="open")
    return Q(pk__in=open_ones.values("pk"))


def _reason(code: str) -> Q:
    if code not in CODES:
        raise ValueError("There is no such reason of a colour.")
    return conditions.with_reason(code)


def _missing(member: str) -> Q:
    if snake(member) not in conditions.MISSING:
        raise ValueError("There is no such member.")
    return conditions.MISSING[snake(member)]


def _moment(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None:
        raise ValueError("This is no date and time.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _day(text: str) -> date:
    found = parse_date(text)
    if found is None:
        raise ValueError("This is no date.")
    return found


def _typed(column: str) -> Callable[[str], Q]:
    return lambda text: Q(**{f"{column}__iexact": text})


#: What people type; each answers a condition, or a ValueError in words.
TEXTS: Mapping[str, Callable[[str], Q]] = MappingProxyType(
    {
        "finding": _finding,
        "reason_code": _reason,
        "missing": _missing,
        "owner": register.owned_by,
        "owner_team": register.in_team,
        "q": register.matching,
        "source": conditions.from_source,
        "tag": conditions.tagged,
        "business_unit": _typed("business_unit"),
        "application": _typed("application"),
        "ticket": _typed("ticket"),
        "data_classification": _typed("data_classification"),
        "last_used_before": lambda text: register.unused_since(_moment(text)),
        "expires_before": lambda text: conditions.expiring_before(_moment(text)),
        "review_before": lambda text: conditions.reviewed_before(_day(text)),
        "rotate_before": lambda text: conditions.rotating_before(_moment(text)),
    }
)
MEMBERS = (*WORDS, *FLAGS, *TEXTS)


def read(given: object) -> dict[str, Any]:
    """The scope as it is kept: camelCase members, each a text, a list of texts (any of them) or a flag.

    Empty is every identity of the tenant; a member without a value is refused, for it would widen the scope unseen.
    Raises Invalid, naming the member (`scope.riskTier`).
    """
    if not isinstance(given, Mapping):
        raise Invalid({"scope": ["A scope is an object of filters, as on the list of identities."]})
    read_ones: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for name, value in given.items():
        member = snake(str(name))
        try:
            read_ones[camel(member)] = _value(member, value)
        except ValueError as error:
            errors[f"scope.{camel(str(name))[:80]}"] = [str(error)]
    if errors:
        raise Invalid(errors)
    return read_ones


def identities(tenant_id: UUID, scope: Scope) -> QuerySet[ManagedIdentity]:
    """The rows of the tenant that a scope, once `read`, selects; never a retired one."""
    found = Q(tenant_id=tenant_id)
    for name, value in scope.items():
        found &= _condition(snake(name), value)
    return ManagedIdentity.objects.filter(found).exclude(state=State.RETIRED)


def count(tenant_id: UUID, scope: object) -> int:
    """How many identities of the tenant a scope selects now; raises Invalid as `read`."""
    return identities(tenant_id, read(scope)).count()


def words(scope: Scope) -> str:
    """A scope in one line, for people: `environment: production; risk tier: high, medium`."""
    said = [
        f"{HUMP.sub(' ', name).lower()}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in scope.items()
    ]
    return "; ".join(said) or "every identity"


def _value(member: str, value: object) -> Any:
    if member in FLAGS:
        return _flag(value)
    if member not in WORDS and member not in TEXTS:
        raise ValueError("There is no such filter.")
    if value in (None, "", []):
        raise ValueError("Say a value, or leave the member out.")
    texts = value if isinstance(value, list) else [value]
    if len(texts) > MOST:
        raise ValueError(f"At most {MOST} words.")
    cleaned = [_text(text) for text in texts]
    for text in cleaned:
        _one(member, text)
    return cleaned if isinstance(value, list) else cleaned[0]


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST or "\x00" in value:
        raise ValueError(f"A text of at most {LONGEST} characters, or a list of them.")
    return value.strip()


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError("True or false.")


def _condition(member: str, value: Any) -> Q:
    if member in FLAGS:
        return FLAGS[member] if value else ~FLAGS[member]
    any_of = Q(pk__in=())
    for text in value if isinstance(value, list) else [value]:
        any_of |= _one(member, text)
    return any_of


def _one(member: str, text: str) -> Q:
    if member not in WORDS:
        return TEXTS[member](text)
    if text not in WORDS[member]:
        raise ValueError(f"One of: {', '.join(WORDS[member])}.")
    return Q(**{member: text})
