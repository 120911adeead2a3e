"""The states of an identity and the moves between them. Pure: no ORM, no clock."""

from enum import StrEnum


class State(StrEnum):
    """Where an identity is in its life; only an active one gets a token."""

    REQUESTED = "requested"
    APPROVED = "approved"
    ACTIVE = "active"
    PAUSED = "paused"
    QUARANTINED = "quarantined"
    DISABLED = "disabled"
    RETIRED = "retired"


_MOVES: dict[State, frozenset[State]] = {
    State.REQUESTED: frozenset({State.APPROVED, State.RETIRED}),
    State.APPROVED: frozenset({State.ACTIVE, State.RETIRED}),
    State.ACTIVE: frozenset({State.PAUSED, State.QUARANTINED, State.DISABLED, State.RETIRED}),
    State.PAUSED: frozenset({State.ACTIVE, State.QUARANTINED, State.DISABLED, State.RETIRED}),
    # Out of an incident by release or by a harder end, never sideways into a plain pause.
    State.QUARANTINED: frozenset({State.ACTIVE, State.DISABLED, State.RETIRED}),
    State.DISABLED: frozenset({State.ACTIVE, State.QUARANTINED, State.RETIRED}),
    State.RETIRED: frozenset(),
}


#: Moves that one command alone makes: out of an incident leads a release, however much else would look like it.
_ONLY_BY: dict[tuple[State, State], str] = {
    (State.QUARANTINED, State.ACTIVE): "release",
    (State.QUARANTINED, State.DISABLED): "release",
    (State.PAUSED, State.ACTIVE): "resume",
}


def only_by(state: State, target: State) -> str:
    """The one command that makes this move; empty where any may."""
    return _ONLY_BY.get((state, target), "")


def may_become(state: State, target: State) -> bool:
    """Is there a move from `state` to `target`? Staying is not a move; retired is the end."""
    return target in _MOVES[state]
