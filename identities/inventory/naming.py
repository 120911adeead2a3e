"""Names that are free: a name is taken once in a tenant, whatever its case, and an import makes the next one of it."""

import re
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.db.models.functions import Lower

from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State

LONGEST = 120
#: How many numbers are tried at first for each name, beyond as many as are wanted; eight times as many each round.
FIRST_TRIED = 8
#: Longer accounts, such as ids of tenants, tell a reader nothing; nor do those with marks of their own.
_TELLING = re.compile(r"[\w.@:/-]{1,32}")


def aside_of(source: str) -> str:
    """What tells a name of `source` from the same name elsewhere: its account or its platform."""
    platform, _, account = source.partition("/")
    return account if account != "default" and _TELLING.fullmatch(account) else platform


def is_numbered(name: str, base: str, source: str = "") -> bool:
    """Is `name` what `free_names` makes of `base` from `source`: the same, or with a number or the source behind it?"""
    if name == base:
        return True
    mark = re.search(r" \(([^()]+)\)$", name)
    is_ours = mark is not None and (mark[1].isdecimal() or mark[1] == aside_of(source))
    return mark is not None and is_ours and name == _numbered(base, mark.group())


def free_names(tenant_id: UUID, wanted: Sequence[str], sources: Sequence[str] = ()) -> list[str]:
    """A name for each of `wanted`, in its order, that no identity of the tenant has: as wanted, or told apart.

    `sources` says who calls each of them so: where an identity of another source has the name, the source stands
    behind it, as in "default/default (cluster-2)"; within one source, and without any, a number: "… (2)" and so on.
    The tables are asked once where every name is free, and a few times more where some are taken. Nothing is reserved:
    the constraint of the table has the last word.
    """
    found: dict[int, str] = {}
    given: set[str] = set()
    taken = _taken(tenant_id, wanted)
    left = _give(dict(enumerate(wanted)), [""], found, given, set(taken))
    if left and sources:
        named = _told_apart(left, sources, _holders(taken, found, sources))
        refused = _give(named, [""], found, given, set(_taken(tenant_id, named.values())))
        left = {place: base for place, base in left.items() if place not in named or place in refused}
    start, tried = 2, FIRST_TRIED + len(left)
    while left:
        numbers = [f" ({number})" for number in range(start, start + tried)]
        names = {_numbered(base, number) for base in set(left.values()) for number in numbers}
        left = _give(left, numbers, found, given, set(_taken(tenant_id, names)))
        start, tried = start + tried, tried * 8
    return [found[place] for place in range(len(wanted))]


def _holders(
    taken: Mapping[str, Sequence[str]], found: Mapping[int, str], sources: Sequence[str]
) -> dict[str, set[str]]:
    """Who calls somebody so already, by name: in the register and in this batch."""
    holders = {name: set(reported_by) for name, reported_by in taken.items()}
    for place, name in found.items():
        holders.setdefault(name.lower(), set()).add(sources[place])
    return holders


def _told_apart(left: Mapping[int, str], sources: Sequence[str], holders: Mapping[str, set[str]]) -> dict[int, str]:
    """Names with the source behind them, for those that an identity of another source has."""
    return {
        place: _numbered(base, f" ({aside_of(sources[place])})")
        for place, base in left.items()
        if sources[place] and sources[place] not in holders.get(base.lower(), ())
    }


def _give(
    left: dict[int, str], numbers: Sequence[str], found: dict[int, str], given: set[str], taken: Collection[str]
) -> dict[int, str]:
    """Give each place that is left the first of its names that nobody has; what is left then."""
    still: dict[int, str] = {}
    tries: dict[str, int] = {}
    for place, base in left.items():
        key = base.lower()
        for at in range(tries.get(key, 0), len(numbers)):
            name = _numbered(base, numbers[at])
            tries[key] = at + 1
            if name.lower() not in taken and name.lower() not in given:
                found[place] = name
                given.add(name.lower())
                break
        else:
            still[place] = base
    return still


def _taken(tenant_id: UUID, names: Collection[str]) -> dict[str, list[str]]:
    """Who has which of these, with their sources; in lower case as Python knows it: databases differ beyond ASCII."""
    asked = {form for name in names for form in (name.lower(), _ascii_lower(name))}
    rows = ManagedIdentity.objects.filter(tenant_id=tenant_id).exclude(state=State.RETIRED).order_by()
    named = rows.alias(lower=Lower("name")).filter(lower__in=asked)
    return {name.lower(): sources for name, sources in named.values_list("name", "reported_by")}


def _ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _numbered(base: str, number: str) -> str:
    return base[: LONGEST - len(number)].rstrip() + number if number else base
