"""What surrounds the work in hand: correlation id, caller's address, run. Travels by contextvar, never by argument."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID, uuid4

from structlog.contextvars import bound_contextvars

_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Change:
    """Why a change is made and how it is taken back: a ticket or pull request by its link, a note, a plan."""

    ticket: str = ""
    note: str = ""
    rollback_plan: str = ""

    def as_members(self) -> dict[str, str]:
        """What was said, as a record keeps it."""
        told = {"ticket": self.ticket, "note": self.note, "rollback_plan": self.rollback_plan}
        return {name: text for name, text in told.items() if text}


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the surroundings; empty text where nothing is.

    `change` is None where whoever works could not have said anything about it; where it is there, it may be asked for.
    """

    correlation_id: str = ""
    address: str = ""
    run_id: UUID | None = None
    change: Change | None = None


_NONE = Context()
_current: ContextVar[Context] = ContextVar("audit_context", default=_NONE)


def current() -> Context:
    """The context bound by the nearest `bound(...)`; empty outside of one."""
    return _current.get()


def new_correlation_id() -> str:
    """128 random bits in hexadecimal."""
    return uuid4().hex


def is_well_formed(text: str) -> bool:
    """Whether `text` may be taken over as a correlation id: 8 to 64 of letters, digits, `.`, `_`, `-`."""
    return _WELL_FORMED.fullmatch(text) is not None


@contextmanager
def bound(
    correlation_id: str | None = None,
    address: str | None = None,
    run_id: UUID | None = None,
    change: Change | None = None,
) -> Iterator[Context]:
    """Bind what is given and keep the rest of the surrounding context; log lines carry the same two ids.

    An absent correlation id is inherited, or made when there is none yet.
    """
    outer = _current.get()
    inner = Context(
        correlation_id=correlation_id or outer.correlation_id or new_correlation_id(),
        address=outer.address if address is None else address,
        run_id=run_id or outer.run_id,
        change=change or outer.change,
    )
    token = _current.set(inner)
    fields = {"correlation_id": inner.correlation_id} | ({"run_id": str(inner.run_id)} if inner.run_id else {})
    try:
        with bound_contextvars(**fields):
            yield inner
    finally:
        _current.reset(token)
