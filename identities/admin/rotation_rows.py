"""How a rotation is shown: its state, its steps with their evidence, the two credentials side by side."""

from datetime import datetime

from identities.admin.pages import page_of
from identities.admin.parts import Badge, Code, Lines, Link, Moment, Quiet, Step, Steps
from identities.admin.wording import ACCENT, BAD, GOOD, INFO, QUIET, WARN, words
from identities.credentials.models import (
    AfterDeadline,
    ClientKey,
    ClientSecret,
    Delivery,
    DeliveryStep,
    Rotation,
    RotationState,
)
from identities.credentials.naming import hint
from identities.credentials.rotation_alerts import is_awaited

TONES = {
    RotationState.ISSUED: INFO,
    RotationState.DISTRIBUTED: INFO,
    RotationState.BOTH_SEEN: ACCENT,
    RotationState.OLD_SILENT: ACCENT,
    RotationState.RETIRED: GOOD,
    RotationState.ROLLED_BACK: QUIET,
}
OUTCOMES = {
    "alert": "owner and team are told, and the old one goes on working",
    "throttle": "the old one is served once a minute",
    "retire": "the old one is retired",
}

STATES = {"retired": "old one retired", "both_seen": "both in use", "old_silent": "old one silent"}
LONGEST = 32

Credential = ClientSecret | ClientKey


def old_of(rotation: Rotation) -> Credential:
    """The credential that is replaced, a secret or a key."""
    found = rotation.old or rotation.old_key
    assert found is not None  # noqa: S101 - the table holds one pair of the two
    return found


def new_of(rotation: Rotation) -> Credential:
    """The credential that replaces it."""
    found = rotation.new or rotation.new_key
    assert found is not None  # noqa: S101 - the table holds one pair of the two
    return found


def state_badge(rotation: Rotation, at: datetime) -> Badge:
    """Its state; overdue and a delivery that does not go on are louder than it."""
    if rotation.ended_at is None and rotation.delivery_problem:
        return Badge("not delivered", BAD, rotation.delivery_reason)
    if rotation.ended_at is None and rotation.cutover_deadline <= at:
        return Badge("overdue", WARN, "The old one is still used past the deadline, or the new one was never seen")
    return Badge(STATES.get(rotation.state, words(rotation.state).lower()), TONES[RotationState(rotation.state)])


def steps_of(rotation: Rotation) -> Steps:
    """The five states, each with its evidence; a rotation that was rolled back says so in the last."""
    new, old = new_of(rotation), old_of(rotation)
    is_back = rotation.state == RotationState.ROLLED_BACK
    last = (
        Step("Rolled back", _when(rotation.ended_at), is_done=True, tone=WARN)
        if is_back
        else Step("Old retired", _when(rotation.ended_at), is_done=rotation.ended_at is not None)
    )
    plain = [
        Step("Issued", Lines([_when(rotation.started_at), Quiet(f"by {rotation.started_by}")]), is_done=True),
        Step("Distributed", _distributed(rotation), is_done=rotation.distributed_at is not None),
        Step("New one seen", _seen(rotation, new), is_done=bool(rotation.both_seen_at or new.first_used_at)),
        Step("Old one silent", _silent(rotation, old), is_done=rotation.old_silent_at is not None),
        last,
    ]
    waits = next((place for place, step in enumerate(plain) if not step.is_done), None)
    if rotation.ended_at is not None:
        waits = None
    steps = [
        step if place != waits else Step(step.label, step.evidence, is_now=True) for place, step in enumerate(plain)
    ]
    return Steps("How far it has come", steps, "" if rotation.ended_at else _waits(rotation))


def pair(rotation: Rotation) -> Lines:
    """Which one is replaced by which."""
    old, new = names_of(rotation)
    return Lines([Code(old), Quiet("→"), Code(new)], row=True)


def title_of(rotation: Rotation) -> str:
    """The same as a text."""
    return " → ".join(names_of(rotation))


def names_of(rotation: Rotation) -> tuple[str, str]:
    """Old and new as people know them; two keys of one name by their ids."""
    old, new = old_of(rotation), new_of(rotation)
    if str(old) == str(new):
        return _cut(hint(old)), _cut(hint(new))
    return _cut(str(old)), _cut(str(new))


def whose(rotation: Rotation) -> object:
    """The identity, as a way to its credentials."""
    return Link(rotation.identity.name, page_of(rotation.identity, tab="credentials"))


def span(seconds: float) -> str:
    """A length of time in the largest unit that leaves a whole number."""
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size:g} {name}{'' if seconds == size else 's'}"
    return f"{seconds:g} seconds"


def _cut(name: str) -> str:
    """An id may be a hash of forty letters: its beginning tells two apart."""
    return name if len(name) <= LONGEST else f"{name[:12]}…"


def _when(at: datetime | None) -> object:
    return Moment(at, exact=True) if at else ""


def _distributed(rotation: Rotation) -> object:
    if rotation.distributed_at:
        return _when(rotation.distributed_at)
    if rotation.delivery_problem:
        return Lines([Badge(words(rotation.delivery_problem), BAD), Quiet(rotation.delivery_reason)])
    if rotation.delivery == Delivery.VAULT:
        step = DeliveryStep(rotation.delivery_step)
        return Quiet({"write": "being written", "validate": "being tried", "promote": "made current"}.get(step, ""))
    return Quiet("Seen when the new one is used")


def _seen(rotation: Rotation, new: Credential) -> object:
    return _when(new.first_used_at or rotation.both_seen_at)


def _silent(rotation: Rotation, old: Credential) -> object:
    if rotation.old_silent_at:
        return _when(rotation.old_silent_at)
    return Lines([Quiet("last used"), Moment(old.last_used_at, "never")], row=True)


def _waits(rotation: Rotation) -> str:
    then = f"{OUTCOMES[rotation.after_deadline]}{_warned(rotation)}"
    return (
        "The old one is retired by itself when the new one was seen and the old one has been silent for "
        f"{span(rotation.silent_seconds)}. Used after {rotation.cutover_deadline:%d %b %Y, %H:%M} UTC, {then}."
    )


def _warned(rotation: Rotation) -> str:
    if rotation.after_deadline == AfterDeadline.ALERT:
        return ""
    if is_awaited(rotation):
        return "; not before the new one is in its vault and was there for one silence"
    return "; owner and team were warned" if rotation.warned_at else "; owner and team are warned before"
