"""Cells of one's own tables: the text of a cell as a value of the member that its column means."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from identities.discovery.formats.own_columns import OWNERS
from identities.discovery.reading import moments
from identities.discovery.reading.tags import ENVIRONMENTS, pairs
from identities.discovery.reading.text import clean
from identities.inventory.members import MEMBERS, Unfit

YES = frozenset({"yes", "y", "true", "1", "x", "on"})
NO = frozenset({"no", "n", "false", "0", "off"})
NOTHING = frozenset({"", "-", "n/a", "na", "none", "null", "unknown", "?", "tbd"})
LISTS = frozenset({"protocols", "upstream_dependencies", "downstream_systems", "downstream_permissions"})
FLAGS = frozenset({"internet_exposed", "customer_facing"})
DAYS = frozenset({"review_by", "vendor_renewal_on"})
TIMES = frozenset({"expires_at", "revocation_tested_at"})
LONGEST = 4000


def value_of(member: str, cell: str) -> object:
    """The value that the register would keep, None where the cell says nothing.

    Choices may be written as people write them ("Service account"), lists with semicolons, dates as ISO 8601 with or
    without a time, no end as 9999-12-31 or "never". Raises Unfit for what the member cannot be.
    """
    text = clean(cell, LONGEST)
    if text.lower() in NOTHING:
        return None
    if member in OWNERS:
        return clean(text, 254)
    known = MEMBERS[member]
    prepared = PREPARE.get(member, _choice if known.limit == 0 else _text)(text)
    if isinstance(prepared, str) and known.limit:
        prepared = prepared[: known.limit]
    return None if prepared is None else known.read(prepared)


def _text(text: str) -> object:
    return text


def _choice(text: str) -> object:
    return re.sub(r"[\s\-/]+", "_", text.lower())


def _environment(text: str) -> object:
    return ENVIRONMENTS.get(text.lower(), text.lower())


def _flag(text: str) -> object:
    word = text.lower()
    if word not in YES | NO:
        raise Unfit("Yes or no.")
    return word in YES


def _list(text: str) -> object:
    parts = re.split(r"[;\n]" if ";" in text else r",", text)
    return [part.strip() for part in parts if part.strip()]


def _number(text: str) -> object:
    found = re.fullmatch(r"(\d{1,5})\s*(?:days?|d)?", text.lower())
    if found is None:
        raise Unfit("A number of days.")
    return int(found.group(1))


def _time(text: str) -> object:
    at = moments.parse(text)
    if at is None and not text.startswith("0000"):
        raise Unfit("A time such as 2027-03-31T00:00:00Z.")
    return at if isinstance(at, datetime) else None


def _day(text: str) -> object:
    at = _time(text)
    return at.date() if isinstance(at, datetime) else None


def _tags(text: str) -> object:
    words = [word.strip() for word in re.split(r"[;,\n]", text) if word.strip()]
    return pairs(words) or None


PREPARE: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(LISTS, _list),
    **dict.fromkeys(FLAGS, _flag),
    **dict.fromkeys(TIMES, _time),
    **dict.fromkeys(DAYS, _day),
    "environment": _environment,
    "rotation_interval_days": _number,
    "expected_cadence": _text,
    "tags": _tags,
}
