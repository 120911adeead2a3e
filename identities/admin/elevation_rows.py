"""How elevations and break-glass grants are shown: where one stands, what it gives, how long it still runs."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from identities.access.models import RoleBinding
from identities.admin.pages import address_of, link_to
from identities.admin.parts import Badge, Block, Empty, Fact, Lines, Link, Moment, Notice, Quiet, Table
from identities.admin.permission_words import permission_badge
from identities.admin.wording import BAD, GOOD, INFO, QUIET, WARN, took
from identities.approvals.models import ApprovalRequest
from identities.elevations import selectors
from identities.elevations.models import BreakGlassGrant, BreakGlassState, Elevation
from identities.elevations.selectors import Phase

PHASES = {
    Phase.ASKED: ("waits for approval", WARN),
    Phase.COMING: ("begins later", INFO),
    Phase.LIVE: ("runs", GOOD),
    Phase.OVER: ("over", QUIET),
    Phase.ENDED: ("ended early", QUIET),
    Phase.REJECTED: ("rejected", BAD),
    Phase.CANCELLED: ("taken back", QUIET),
}
STATES = {
    BreakGlassState.ASKED: ("waits for approval", WARN),
    BreakGlassState.ARMED: ("armed", INFO),
    BreakGlassState.USED: ("in use", BAD),
    BreakGlassState.REVIEW: ("waits for review", WARN),
    BreakGlassState.CLOSED: ("reviewed", QUIET),
    BreakGlassState.REJECTED: ("rejected", QUIET),
    BreakGlassState.CANCELLED: ("taken back", QUIET),
    BreakGlassState.EXPIRED: ("expired unused", QUIET),
}
SHOWN = 25


def phase_badge(row: Elevation, at: datetime) -> Badge:
    """Where an elevation stands by its binding's dates."""
    return Badge(*PHASES[selectors.phase_of(row, at)])


def state_badge(row: BreakGlassGrant, at: datetime) -> Badge:
    """Where a grant stands by its dates; a late review says so."""
    if selectors.is_late(row, at):
        return Badge("review is late", BAD)
    return Badge(*STATES[selectors.state_of(row, at)])


def countdown(ends: datetime | None, at: datetime) -> Notice | None:
    """How long it still runs; nothing where it does not."""
    if ends is None or ends <= at:
        return None
    text = f"It ends by itself at {ends:%Y-%m-%d %H:%M:%S} UTC, by the binding's own dates."
    return Notice(f"Runs for another {took(at, ends)}.", text, WARN, "timer")


def asked_facts(row: Elevation | BreakGlassGrant) -> list[Fact]:
    """What was asked for, and the ways to what it led to."""
    permitted = Lines([permission_badge(name) for name in sorted(row.role.permissions)], row=True)
    return [
        Fact("Identity", link_to(row.identity)),
        Fact("Role", link_to(row.role)),
        Fact("It permits", permitted, wide=True),
        Fact("Minutes", row.minutes),
        Fact("Answers for it", row.owner_label),
        Fact("Asked by", row.requested_by),
        Fact("Asked", Moment(row.requested_at, exact=True)),
        Fact("Ticket", row.ticket),
        Fact("Renews", Link("The one before", address_of(type(row), row.renews_id)) if row.renews_id else ""),
        Fact("Approval", _way(ApprovalRequest, row.approval_id, "Who decided")),
        Fact("Role binding", _way(RoleBinding, row.binding_id, "Its dates end it")),
        Fact("Why", row.justification, wide=True),
        Fact("Why it came to nothing", row.state_reason, wide=True),
    ]


def standing_table(
    elevations: Iterable[Elevation],
    grants: Iterable[BreakGlassGrant],
    at: datetime,
    ways: Sequence[Link] = (),
) -> Block:
    """What an identity has, or may be given, beyond its usual roles."""
    rows = [
        [
            Link(row.role.name, address_of(Elevation, row.pk)),
            "elevation",
            phase_badge(row, at),
            Moment(row.binding.valid_until if row.binding else None, "not given yet"),
            Lines([row.justification, Quiet(f"{row.owner_label} answers for it")]),
        ]
        for row in elevations
    ]
    rows += [
        [
            Link(row.role.name, address_of(BreakGlassGrant, row.pk)),
            "break-glass",
            state_badge(row, at),
            Moment(row.use_ends_at or row.valid_until),
            Lines([row.justification, Quiet(f"{row.owner_label} may use it")]),
        ]
        for row in grants
    ]
    text = "A role for a short while (elevation), or for an emergency, approved beforehand (break-glass)."
    empty = Empty("No elevation, no break-glass", text, ways[0] if ways else None, "bolt")
    return Table(
        "More than usual, for a while",
        ["Role", "By", "State", "Ends", "Why"],
        rows,
        empty,
        action=ways[0] if ways and rows else None,
        also=ways[1] if len(ways) > 1 else None,
    )


def _way(model: type, key: object, text: str) -> Link | str:
    return Link(text, address_of(model, key)) if key else ""
