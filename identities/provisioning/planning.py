"""The plan: what a document would change in the register, why, and at what risk. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Values = Mapping[str, Any]


class Verb(StrEnum):
    """What happens to one thing."""

    CREATE = "create"
    CHANGE = "change"


class Risk(StrEnum):
    """How much an action deserves a second look; HIGH widens what somebody may do."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Change:
    """One member, from what it is to what the document says; None is nothing."""

    member: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Weight:
    """What speaks for caution: `widens` names each new power, `touches` what merely deserves a look."""

    widens: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()

    @property
    def risk(self) -> Risk:
        return Risk.HIGH if self.widens else Risk.MEDIUM if self.touches else Risk.LOW


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to create or change. `line` is where the document speaks of it."""

    section: str
    key: str
    verb: Verb
    changes: Sequence[Change]
    why: str
    weight: Weight
    values: Values
    line: int

    @property
    def widens(self) -> bool:
        return bool(self.weight.widens)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a document would do, in the order in which it would be done."""

    actions: Sequence[Action]
    unchanged: int

    @property
    def widening(self) -> list[Action]:
        return [action for action in self.actions if action.widens]

    def count(self, verb: Verb) -> int:
        return sum(action.verb is verb for action in self.actions)


def differences(before: Values, after: Values, absent: Values) -> list[Change]:
    """The members of `after` that say something else than `before`; `absent` is what a silent member means."""
    return [
        Change(member, before.get(member, absent.get(member)), value)
        for member, value in after.items()
        if before.get(member, absent.get(member)) != value
    ]
