"""Check: one thing that a run needs, asked for each occurrence of the span; and what checks are told."""

from abc import ABC
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from scheduling import templating
from scheduling.models import Schedule
from scheduling.preflight.problems import Mend, Problem, local


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A schedule and its occurrences in the span, ascending; `at` is the moment from which it is tried."""

    schedule: Schedule
    place: ZoneInfo
    at: datetime
    occurrences: Sequence[datetime]

    def first(
        self, fails: Callable[[datetime], bool], *, turns: Iterable[datetime | None] | None = None
    ) -> datetime | None:
        """The first occurrence of which this is true.

        `turns` are the only instants at which that can change: then it is asked once for each span between them,
        however often the schedule comes.
        """
        if turns is None:
            return next((moment for moment in self.occurrences if fails(moment)), None)
        spans = sorted({0} | {bisect_left(self.occurrences, turn) for turn in turns if turn is not None})
        firsts = (self.occurrences[place] for place in spans if place < len(self.occurrences))
        return next((moment for moment in firsts if fails(moment)), None)

    def when(self, moment: datetime) -> str:
        """An instant in the words of a problem: local time."""
        return local(moment, self.place)

    def input_at(self, moment: datetime) -> Mapping[str, Any]:
        """What the run of that occurrence would be given."""
        facts = templating.ScheduleFacts(
            id=str(self.schedule.id), name=self.schedule.name, timezone=self.place, at=moment
        )
        resolved: Mapping[str, Any] = templating.resolve_schedule(self.schedule.input_data, facts)
        return resolved


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """An identity that acts in the run: the schedule's own, or that of some of its nodes. None: there is none such."""

    identity_id: UUID
    identity: ManagedIdentity | None
    reference: Mapping[str, Any]
    nodes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.identity.name if self.identity else str(self.identity_id)

    @property
    def reads_secret(self) -> bool:
        """Whether its secret is asked for: not of one that is contained or has gone for good."""
        return self.identity is not None and self.identity.state not in {State.QUARANTINED, State.RETIRED}

    @property
    def node(self) -> str:
        """The step that acts as it; empty for the schedule's own."""
        return ", ".join(self.nodes)

    def problem(self, code: str, text: str, mend: Mend, at: datetime | None) -> Problem:
        """A problem of this identity; a node's says which step it would stop."""
        said = f"{text} (step {self.node})" if self.nodes else text
        return Problem(code=code, text=f"{said}.", mend=mend, at=at, identity_id=self.identity_id, node=self.node)


@dataclass
class Checks:
    """One of each registered kind, in the order of `position`."""

    kinds: list["Check"] = field(default_factory=lambda: [kind() for kind in _ordered()])

    def problems(self, trial: Trial, bearers: Iterable[Bearer]) -> list[Problem]:
        """What all of them find, each problem once."""
        found: dict[tuple[str, str, str], Problem] = {}
        for check in self.kinds:
            for problem in check.of_schedule(trial):
                found.setdefault(problem.key, problem)
        for bearer in bearers:
            for check in self.kinds:
                for problem in check.of_bearer(trial, bearer):
                    found.setdefault(problem.key, problem)
        return list(found.values())


class Check(ABC):
    """One check. Add one by one file: subclass, name its `kind` and `position`, implement one of the two or both.

    Contract: reads only. It leaves no mark of use, no decision, no token and no run behind; a secret it resolves is
    dropped when it returns. It answers each problem once, with the first occurrence that would fail. It is not asked
    where nothing is due, and `of_bearer` may meet a bearer without an identity.
    """

    kinds: ClassVar[dict[str, type["Check"]]] = {}
    kind: ClassVar[str]
    position: ClassVar[int]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if Check.kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two checks are called {cls.kind!r}")
        Check.kinds[cls.kind] = cls

    def of_schedule(self, trial: Trial) -> Iterable[Problem]:
        """What stands against the schedule and its workflow, whoever acts."""
        return ()

    def of_bearer(self, trial: Trial, bearer: Bearer) -> Iterable[Problem]:
        """What stands against one identity that acts in it."""
        return ()


def _ordered() -> list[type[Check]]:
    return sorted(Check.kinds.values(), key=lambda kind: (kind.position, kind.kind))
