"""Measure: one number of the programme in words, and where the rows behind it are. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Unit(StrEnum):
    """What a number counts or measures."""

    COUNT = "count"
    SHARE = "share"
    DAYS = "days"
    SECONDS = "seconds"


class Group(StrEnum):
    """Under which heading a number stands."""

    ESTATE = "estate"
    OWNERSHIP = "ownership"
    CREDENTIALS = "credentials"
    USE = "use"
    FINDINGS = "findings"
    PROGRAMME = "programme"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Measure:
    """One number in words.

    A SHARE is `key` out of `of`; `unknown` names the count of those of whom it is not known, which stay in the whole,
    so that ignorance never flatters. `listed` is where its rows are: `identities`, `findings`, `decisions`, `audit`,
    `reports/<name>`, or empty where no list can be had; `query` the filter there, `gap` the filter of those that miss.
    `better` is 1 where more is better, -1 where less is, 0 where neither. `source` says where an unknown number will
    come from.
    """

    key: str
    label: str
    help: str
    group: Group
    unit: Unit = Unit.COUNT
    better: int = 0
    of: str = ""
    unknown: str = ""
    listed: str = "identities"
    query: str = ""
    gap: str = ""
    source: str = ""


def counted(
    key: str,
    label: str,
    help: str,  # noqa: A002 - the member's name
    group: Group,
    *,
    better: int = 0,
    of: str = "total",
    unknown: str = "",
) -> Measure:
    """A count of identities, listed by the filter of its own name."""
    return Measure(key, label, help, group, better=better, of=of, unknown=unknown, query=f"number={key}")


def share(
    key: str,
    label: str,
    help: str,  # noqa: A002
    group: Group,
    *,
    gap: str,
    of: str = "total",
    unknown: str = "",
) -> Measure:
    """A share of the identities, with the filter `gap` of those that miss."""
    query, missing = f"number={key}", f"number={gap}"
    return Measure(key, label, help, group, unit=Unit.SHARE, better=1, of=of, unknown=unknown, query=query, gap=missing)


def elsewhere(key: str, label: str, help: str, group: Group, **more: Any) -> Measure:  # noqa: A002
    """A number whose rows are no identities; `more` are members of Measure."""
    return Measure(key, label, help, group, **more)


def took(key: str, label: str, help: str, source: str) -> Measure:  # noqa: A002
    """An average time, unknown until `source`."""
    return Measure(key, label, help, Group.DELIVERY, unit=Unit.SECONDS, better=-1, listed="", source=source)
