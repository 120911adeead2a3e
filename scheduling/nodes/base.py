"""What every node keeps to: typed params in, one of three answers out, nothing secret in either."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from identities.policies.actor_context import ActorContext
    from scheduling.nodes.http_client import HttpClient


@dataclass(frozen=True, kw_only=True)
class Success:
    """The step is done. `payload` is JSON, kept with the run and readable by later nodes: never put a secret in it."""

    payload: Any = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The step did not do what it should. `retryable` leaves a further attempt to the schedule's retry policy;
    `status` is the HTTP status that caused it, where there is one."""

    reason: str
    retryable: bool = False
    status: int | None = None


@dataclass(frozen=True, kw_only=True)
class Later:
    """Not yet: ask the same node again at `until`; no worker is held meanwhile and no attempt is used up."""

    until: datetime


Answer = Success | Failure | Later


class NodeLog(Protocol):
    """A structured logger already bound to run, node and correlation id."""

    def debug(self, event: str, **values: object) -> object: ...
    def info(self, event: str, **values: object) -> object: ...
    def warning(self, event: str, **values: object) -> object: ...
    def error(self, event: str, **values: object) -> object: ...


@dataclass(frozen=True, kw_only=True)
class NodeContext:
    """What a node is told. It holds no token: `http` sends it where it may go.

    `at` is now, `step_started_at` when this step was first tried in this attempt of the run (it survives `Later` and
    a lost worker). `scheduled_for` is the occurrence, empty for a run by hand. `steps` maps a node's id to its payload.
    """

    actor: "ActorContext"
    tenant_id: UUID
    run_id: UUID
    node_id: str
    at: datetime
    step_started_at: datetime
    scheduled_for: datetime | None
    input: Mapping[str, Any]
    log: NodeLog
    http: "HttpClient"
    steps: Mapping[str, Any] = field(default_factory=dict)


class Node(ABC):
    """One kind of step.

    A subclass names its `kind` (what workflows write), its `label` (what people read) and its `Params`: a frozen
    dataclass whose fields become the parameters' JSON schema (see `scheduling.nodes.params`). It may be executed more
    than once for one run (a worker can die between the effect and its record), so an effect must be repeatable:
    `context.http` sends the same `Idempotency-Key` each time. Not promised: that two nodes share a process or memory.
    """

    kinds: ClassVar[dict[str, type["Node"]]] = {}
    kind: ClassVar[str]
    label: ClassVar[str]
    Params: ClassVar[type[Any]]
    params: Any

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if cls.kind in Node.kinds:
            raise TypeError(f"two nodes of kind {cls.kind!r}")
        Node.kinds[cls.kind] = cls

    def __init__(self, params: Any) -> None:
        self.params = params

    @classmethod
    def problems(cls, params: Mapping[str, Any]) -> list[str]:
        """What can be seen at save beyond the schema; texts in `params` may still hold {{ }}."""
        return []

    @classmethod
    def foresee(cls, params: Mapping[str, Any], *, allowed_hosts: Iterable[str]) -> Iterable[tuple[str, str]]:
        """What would make the step fail, seen beforehand and without doing anything: (stable code, reason).

        `params` holds those that are known before the run; the others are left out.
        """
        return ()

    @abstractmethod
    def execute(self, context: NodeContext) -> Answer:
        """Do the step and say how it went. An exception counts as a failure that may be tried again."""
