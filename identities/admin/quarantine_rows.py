"""How a quarantine is shown: where it stands, how fast it was, the lines of its runbook, who still knocks."""

from collections.abc import Callable, Sequence
from datetime import datetime

from identities.admin.pages import address_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Table
from identities.admin.parts.markup import markup
from identities.admin.wording import BAD, GOOD, INFO, QUIET, WARN, span, took, words
from identities.credentials.models import Rotation
from identities.inventory.models import Knock
from identities.lifecycle.models import LineKind, Quarantine, QuarantineLine
from identities.lifecycle.selectors import Phase, phase_of

PHASES = {
    Phase.CONTAINED: ("contained here, not yet there", BAD),
    Phase.COMPLETE: ("contained", WARN),
    Phase.RELEASED: ("released", QUIET),
}
TITLES = {
    LineKind.PROCEDURE: "Where it is issued",
    LineKind.TRUST_SOURCE: "Trust source",
    LineKind.CREDENTIAL: "Its own credentials",
    LineKind.DEPENDENT_SECRET: "Secrets that it could read",
    LineKind.DOWNSTREAM: "Systems that may hold a token",
}
TEXTS = {
    LineKind.PROCEDURE: "Its revocation procedure. Until all of it is done, it is stopped here and works there.",
    LineKind.TRUST_SOURCE: "What vouches for it, and may vouch for others.",
    LineKind.CREDENTIAL: "Useless while it is quarantined, and good again after a release: revoke what may be known.",
    LineKind.DEPENDENT_SECRET: "Whoever had it had these too.",
    LineKind.DOWNSTREAM: "Who verifies offline, without the revocation feed, takes a token until it ends.",
}
COLUMNS = ("What to do", "Who", "By", "Done", "")
Way = tuple[str, str]
MOST = 50


def phase_badge(row: Quarantine) -> Badge:
    """Where it stands, in words."""
    text, tone = PHASES[phase_of(row)]
    return Badge(text, INFO if row.is_drill and row.closed_at is None else tone)


def cause_badge(row: Quarantine) -> Badge:
    """By which door it came."""
    tones = {"person": QUIET, "leak": BAD, "detection": WARN, "drill": INFO}
    said = {"person": "called by hand", "leak": "after a leak", "detection": "by a rule", "drill": "drill"}
    return Badge(said.get(row.cause, row.cause), tones.get(row.cause, QUIET))


def banner(row: Quarantine, open_lines: int, at: datetime) -> list[Block]:
    """The state of the whole, large; then whatever a person has still to decide."""
    said: list[Block] = [_standing(row, open_lines, at)]
    if row.release_asked_at is not None and row.closed_at is None:
        text = Lines(
            [row.release_reason, Lines([Quiet(f"Asked by {row.release_asked_by}"), Moment(row.release_asked_at)])]
        )
        said.append(Notice("Its release is asked for. Somebody else has to release it.", text, INFO, "group"))
    return said


def _standing(row: Quarantine, open_lines: int, at: datetime) -> Notice:
    text: object
    match phase_of(row):
        case Phase.RELEASED:
            text = Lines([row.release_reason, Lines([Quiet(f"By {row.released_by}"), Moment(row.released_at)])])
            return Notice("It is over: the identity was released.", text, QUIET, "lock_open")
        case Phase.CONTAINED:
            lines = "1 line is" if open_lines == 1 else f"{open_lines} lines are"
            text = f"{lines} still to be done where it is issued. The time to revoke runs: {span(at - row.called_at)}."
            return Notice("Contained here, not yet there.", text, BAD, "crisis_alert")
        case _ if row.is_drill and row.release_at:
            text = Lines(["Everything is stopped in earnest. Released by itself", Moment(row.release_at)], row=True)
            return Notice("A drill is under way.", text, INFO, "science")
        case _:
            text = f"No token, no call, no run since {row.called_at:%Y-%m-%d %H:%M:%S} UTC. Only a release ends it."
            return Notice("Contained.", text, WARN, "shield_lock")


def figures(row: Quarantine) -> Facts:
    """What happened, how fast, and what each part of Steward did."""
    said = row.effects.get("said") or {}
    undone = row.effects.get("undone") or {}
    bindings = len(row.effects.get("bindings_ended") or [])
    is_elsewhere = row.identity.ends_elsewhere
    facts = [
        Fact("Why", row.reason, wide=True),
        Fact("Called", Moment(row.called_at, exact=True), f"by {row.called_by}"),
        Fact("Contained here in", took(row.called_at, row.contained_at), "From the call to the last effect."),
        Fact("Time to revoke", took(row.called_at, row.complete_at), "Counts once nothing is left to do elsewhere."),
        Fact("State before", row.previous_state),
        Fact("Tokens and secrets", "" if is_elsewhere else "all tokens dead, no secret opens anything"),
        Fact("Role bindings", f"{bindings} ended" if bindings else ""),
        *(Fact(words(kind), text) for kind, text in said.items()),
        Fact("Released", Moment(row.released_at) if row.released_at else "", ", ".join(undone.values())),
    ]
    return Facts("What was done", [fact for fact in facts if fact.value])


def residual(until: datetime | None, at: datetime, *, is_elsewhere: bool = False) -> Block:
    """The residual access clock; of an identity whose tokens others issue nothing is known here."""
    if is_elsewhere:
        text = "Its tokens are issued elsewhere: they end there, with the lines below."
        return Notice("Residual access is not known here.", text, WARN, "timer")
    if until is None:
        none = "No token of it is left that anybody could still take."
        return Notice("No residual access.", none, GOOD, "task_alt")
    clock = Lines(
        [
            f"Until {until:%d %b %Y %H:%M:%S} UTC, {span(until - at)} from now, who verifies offline may take a token.",
            Quiet("Steward's own API, introspection and verifiers that read the revocation feed refuse it already."),
        ]
    )
    return Notice("Residual access.", clock, WARN, "timer")


def knock_table(knocks: Sequence[Knock], *, title: str = "Who still knocks") -> Table:
    """Those that came with right credentials, or a schedule, while it was stopped."""
    rows = [
        [
            Lines([Code(knock.address) if knock.address else "Steward", Quiet(knock.user_agent)]),
            Badge(knock.state, WARN),
            str(knock.times),
            Moment(knock.first_at),
            Moment(knock.last_at),
        ]
        for knock in knocks[:MOST]
    ]
    empty = Empty(
        "Nobody has come since", "Right credentials shown while it is stopped are listed here.", icon="door_front"
    )
    text = "Each has right credentials, or is a schedule of ours: it will fail until it is changed or the stop ends."
    return Table(title, ["From", "While", "Times", "First", "Last"], rows, empty, text if rows else "")


def line_tables(
    row: Quarantine, lines: Sequence[QuarantineLine], ways: Callable[[QuarantineLine], Sequence[Way]], at: datetime
) -> list[Block]:
    """The runbook, a table a kind of line; kinds without a line are not there."""
    drawn: list[Block] = []
    rotations = _rotations(row, lines)
    for kind, title in TITLES.items():
        rows = [_line(row, line, ways(line), rotations, at) for line in lines if line.kind == kind]
        if rows:
            drawn.append(Table(title, COLUMNS, rows, Empty("Nothing to do"), TEXTS[kind]))
    if not drawn:
        drawn.append(
            Empty(
                "Nothing is left to do",
                "It had no credential, read no other secret and calls no system.",
                icon="task_alt",
            )
        )
    return drawn


def _line(
    row: Quarantine,
    line: QuarantineLine,
    ways: Sequence[Way],
    rotations: dict[str, Rotation],
    at: datetime,
) -> list[object]:
    what: list[object] = [line.text]
    if line.is_required:
        what.append(Badge("required", BAD if line.done_at is None else QUIET))
    if until := line.about.get("until"):
        what.append(_until(datetime.fromisoformat(until), at))
    if rotation := rotations.get(line.about.get("identity_id", "")):
        what.append(_rotated(rotation))
    is_late = line.done_at is None and line.due_at is not None and line.due_at < at and row.closed_at is None
    due: object = Lines([Badge("overdue", BAD), Moment(line.due_at)]) if is_late else Moment(line.due_at)
    person = Quiet(line.assignee.full_name) if line.assignee else Quiet("nobody")
    buttons = [markup('<a class="sw-button" href="{}">{}</a>', href, text) for text, href in ways]
    return [
        Lines(what),
        person,
        due if line.done_at is None else Quiet("–"),
        _done(line),
        Lines(buttons, row=True) if buttons else "",
    ]


def _done(line: QuarantineLine) -> object:
    if line.done_at is None:
        return Badge("open", WARN)
    return Lines(
        [Badge("done", GOOD), Lines([Moment(line.done_at), Quiet(f"by {line.done_by}")], row=True), Quiet(line.note)]
    )


def _until(until: datetime, at: datetime) -> object:
    if until <= at:
        return Quiet("its token has ended")
    return Lines([Quiet("may take it until"), f"{until:%H:%M} UTC", Moment(until)], row=True)


def _rotations(row: Quarantine, lines: Sequence[QuarantineLine]) -> dict[str, Rotation]:
    """What was rotated since, by identity: a new secret alone does nothing, the old one has to end."""
    holders = {line.about["identity_id"] for line in lines if "identity_id" in line.about}
    if not holders:
        return {}
    begun = Rotation.objects.filter(identity_id__in=holders, started_at__gte=row.called_at).order_by("started_at")
    return {str(rotation.identity_id): rotation for rotation in begun}


def _rotated(rotation: Rotation) -> object:
    link = Link("rotation", address_of(Rotation, rotation.pk))
    if rotation.ended_at is None:
        return Lines([Badge("both secrets work", WARN), link], row=True)
    return Lines([Badge("old one ended", GOOD), link, Moment(rotation.ended_at)], row=True)
