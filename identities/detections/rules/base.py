"""Rule: what every rule keeps to. Facts in, observations out; no database, no clock."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity


class Remedy(StrEnum):
    """Where on the identity's page a finding is mended: a command, or a tab."""

    EDIT = "edit"
    DISABLE = "disable"
    RETIRE = "retire"
    CREDENTIALS = "tab:credentials"
    ACCESS = "tab:access"
    SCHEDULES = "tab:schedules"
    ACCOUNT = "tab:account"


@dataclass(frozen=True, slots=True)
class Observation:
    """What a rule saw. `key` tells several of one rule on one identity apart and stays the same while the cause does.

    `evidence` is a sentence or two of facts with dates, not ages: it must not change from day to day by itself.
    Neither it nor `details` (plain JSON) ever quotes a secret. `severity` stands in the place of the rule's own, and so
    does a `remedy` in `details`: a command's key, perhaps with `#field`, or `tab:name`.
    """

    evidence: str
    key: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    severity: Severity | None = None


class Rule(ABC):
    """One kind of finding. Add one by one file: subclass, fill in the members, implement `judge`.

    `code` is stable and unique and begins with `category`; `title` names the fault; `why` says in a sentence why it
    matters; `mend` what to do; `remedy` where, and `field` with which field of that form to begin.

    Contract: `judge` is pure and deterministic, knows only its arguments, and answers each key once. It is asked about
    identities that stand; about disabled ones as well where `judges_disabled` says so; never about retired ones, whose
    findings are resolved.
    """

    registered: ClassVar[dict[str, type["Rule"]]] = {}
    code: ClassVar[str]
    category: ClassVar[str]
    severity: ClassVar[Severity]
    title: ClassVar[str]
    why: ClassVar[str]
    mend: ClassVar[str]
    remedy: ClassVar[Remedy] = Remedy.EDIT
    field: ClassVar[str] = ""
    judges_disabled: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if Rule.registered.get(cls.code, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two rules have the code {cls.code!r}")
        Rule.registered[cls.code] = cls

    @abstractmethod
    def judge(self, facts: IdentityFacts, at: datetime) -> Iterable[Observation]:
        """What speaks against this identity at `at`; mostly nothing."""


def moment(at: datetime) -> str:
    """An instant as evidence writes it."""
    utc = at.astimezone(UTC)
    return f"{day(utc)}, {utc:%H:%M} UTC"


def day(at: datetime) -> str:
    """A day as evidence writes it."""
    return f"{at.day} {at:%b %Y}"
