"""The plain members of the record: how each is read from what a person, a file or a row of JSON says. No database.

`read` answers the value as the column keeps it or raises Unfit with a message for people. Empty stands for not
known: what may not be empty is asked of people and not of imports (`demands`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from django.db.models import TextChoices

from identities.inventory import cadence
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
    TrustBoundary,
)

Reader: TypeAlias = Callable[[object], object]
When = TypeVar("When", date, datetime)

MAX_TEXT = 4000
MAX_TAGS, MAX_TAG = 50, 254
MAX_ITEMS, MAX_ITEM = 200, 400
MAX_INTERVAL_DAYS = 3650
YEARS = range(1990, 2200)
_BREAKS = str.maketrans("", "", "\r\n\t")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Unfit(ValueError):
    """A value that does not fit its member; the message is for people."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member: how it is read.

    `limit` is the longest text, 0 where it is no free text.
    """

    read: Reader
    limit: int = 0


def _text(limit: int, *, is_long: bool = False) -> Member:
    def read(value: object) -> str:
        text = _as_text(value)
        if len(text) > limit:
            raise Unfit(f"At most {limit} characters.")
        if not (text.translate(_BREAKS) if is_long else text).isprintable():
            raise Unfit("Control characters are not allowed.")
        return text

    return Member(read, limit)


def _choice(choices: type[TextChoices], *, silent: str = "") -> Member:
    """One of `choices`; `silent` is what nothing stands for."""
    known = frozenset(choices.values)

    def read(value: object) -> str:
        text = _as_text(value) or silent
        if text not in known and text != "":
            raise Unfit(f"Not one of {', '.join(choices.values)}.")
        return text

    return Member(read)


def _flag(value: object) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise Unfit("True or false.")
    return value


def _days(value: object) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_INTERVAL_DAYS:
        raise Unfit(f"Between 1 and {MAX_INTERVAL_DAYS} days.")
    return value


def _day(value: object) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            raise Unfit("There is no such day.") from None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise Unfit("A date such as 2027-03-31.")
    return _within(value)


def _moment(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise Unfit("A time such as 2027-03-31T00:00:00Z.") from None
    if not isinstance(value, datetime):
        raise Unfit("A time such as 2027-03-31T00:00:00Z.")
    return _within(value if value.tzinfo else value.replace(tzinfo=UTC))


def _within(value: When) -> When:
    if value.year not in YEARS:
        raise Unfit(f"A year between {YEARS[0]} and {YEARS[-1]}.")
    return value


def _texts(value: object) -> list[str]:
    """A list of texts, each once, in the order given."""
    if value is None or value == "":
        return []
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise Unfit("A list of texts.")
    items = list(dict.fromkeys(text for item in value if (text := item.strip())))
    if len(items) > MAX_ITEMS or any(len(item) > MAX_ITEM for item in items):
        raise Unfit(f"At most {MAX_ITEMS} texts of at most {MAX_ITEM} characters.")
    if not all(map(str.isprintable, items)):
        raise Unfit("Control characters are not allowed.")
    return items


def _tags(value: object) -> object:
    """An object of texts, or a list of texts."""
    if value is None:
        return {}
    if not isinstance(value, dict | list):
        raise Unfit("An object of texts, or a list of texts.")
    words: Sequence[object] = [*value.keys(), *value.values()] if isinstance(value, dict) else value
    if len(value) > MAX_TAGS or any(not isinstance(word, str) or len(word) > MAX_TAG for word in words):
        raise Unfit(f"At most {MAX_TAGS} texts of at most {MAX_TAG} characters.")
    if not all(str(word).isprintable() for word in words):
        raise Unfit("Control characters are not allowed.")
    return value


def _cadence(value: object) -> str:
    text = _as_text(value).lower()
    if not text:
        return ""
    try:
        cadence.parse(text)
    except ValueError:
        raise Unfit("A word such as hourly, daily or yearly, or an ISO 8601 duration such as PT5M.") from None
    return text.upper() if text.startswith("p") and not text.startswith("per") else text


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unfit("A text.")
    return value.strip()


MEMBERS: Mapping[str, Member] = MappingProxyType(
    {
        "name": _text(120),
        "description": _text(MAX_TEXT, is_long=True),
        "environment": _choice(Environment),
        "kind": _choice(Kind, silent=Kind.WORKLOAD.value),
        "issuance": _choice(Issuance, silent=Issuance.PORTAL.value),
        "ownership_class": _choice(OwnershipClass, silent=OwnershipClass.WORKLOAD.value),
        "purpose": _text(MAX_TEXT, is_long=True),
        "function": _choice(Function),
        "trust_boundary": _choice(TrustBoundary),
        "blast_radius": _choice(BlastRadius),
        "privilege_level": _choice(PrivilegeLevel),
        "data_classification": _text(64),
        "business_criticality": _choice(Criticality),
        "internet_exposed": Member(_flag),
        "customer_facing": Member(_flag),
        "risk_tier": _choice(RiskTier, silent=RiskTier.MEDIUM.value),
        "auth_method": _choice(AuthMethod, silent=AuthMethod.UNKNOWN.value),
        "protocols": Member(_texts),
        "upstream_trust_source": _text(254),
        "upstream_dependencies": Member(_texts),
        "downstream_systems": Member(_texts),
        "downstream_permissions": Member(_texts),
        "deprovisioning_trigger": _text(MAX_TEXT, is_long=True),
        "revocation_procedure": _text(MAX_TEXT, is_long=True),
        "revocation_tested_at": Member(_moment),
        "disable_strategy": _choice(DisableStrategy),
        "rotation_interval_days": Member(_days),
        "expected_cadence": Member(_cadence),
        "expires_at": Member(_moment),
        "review_by": Member(_day),
        "ticket": _text(120),
        "repository": _text(254),
        "business_unit": _text(120),
        "application": _text(120),
        "vendor_contract": _text(254),
        "vendor_renewal_on": Member(_day),
        "tags": Member(_tags),
    }
)
