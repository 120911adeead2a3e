"""How a replacement is drawn: the plan before it begins, how far it is, and the use of both day by day."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from identities.admin.pages import address_of, link_to
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Table
from identities.admin.parts.series import Line, Series
from identities.admin.parts.steps import Step, Steps
from identities.admin.permission_words import MEANING, permission_badge
from identities.admin.wording import GOOD, INFO, QUIET, WARN, span
from identities.service_users import activity, ending
from identities.service_users.models import Replacement, ReplacementState, ServiceUser
from identities.service_users.planning import Plan
from identities.service_users.replacement_words import said_of

STATES = {
    ReplacementState.BOTH_ALIVE: ("both alive", INFO),
    ReplacementState.MOVED: ("moved", GOOD),
    ReplacementState.CANCELLED: ("taken back", QUIET),
}
BEFORE = timedelta(days=14)
FEWEST_COLUMNS = 14
SHOWN = 25


def state_badge(row: Replacement) -> Badge:
    """How far it is."""
    return Badge(*STATES[ReplacementState(row.state)])


def is_late(row: Replacement, at: datetime) -> bool:
    """Whether it goes on longer than was thought."""
    return row.state == ReplacementState.BOTH_ALIVE and row.overdue_at <= at


def account_link(row: Replacement) -> Link:
    """The way to the service user."""
    return Link(row.account.email, address_of(ServiceUser, row.account_id))


def plan_blocks(plan: Plan) -> list[Block]:
    """What was found of an account before anything is made."""
    said: list[Block] = [Notice(text, tone=WARN, icon="warning") for text in plan.warnings]
    if plan.role is not None:
        text = Lines([link_to(plan.role), "permits exactly this and is used; no second one is made."], row=True)
        said.append(Notice("There is such a role already.", text, INFO, "badge"))
    facts = [
        Fact("Last used", Moment(plan.last_used_at, "never")),
        Fact("Decisions", f"{plan.decisions:,}", "in ninety days, allowed or not"),
        Fact("Not covered", sum(one.matters for one in plan.uncovered)),
    ]
    return [*said, Facts("What it did", facts), *uncovered_table(plan)]


def uncovered_table(plan: Plan) -> list[Table]:
    """What no managed identity may do; nothing where everything is covered."""
    rows = [
        [said_of(one) if one.matters else Quiet(said_of(one)), f"{one.times:,}", Moment(one.last_at)]
        for one in plan.uncovered
    ]
    if not rows:
        return []
    return [Table("What no managed identity may do", ["What", "Times", "Last"], rows, _all_covered())]


def steps_of(row: Replacement, at: datetime) -> Steps:
    """How far it is, each step with its evidence."""
    used_at = row.identity.last_used_at
    is_used = used_at is not None and used_at >= row.begun_at
    is_open, is_off = row.state == ReplacementState.BOTH_ALIVE, row.state == ReplacementState.CANCELLED
    last = activity.last_use(row.account) if is_open else None
    quiet = Lines(["last used", Moment(last)], row=True) if last else "not used"
    return Steps(
        "How far it is",
        [
            Step("Begun", Lines([Moment(row.begun_at), Quiet(f"by {row.begun_by}")]), is_done=True),
            Step(
                "The identity is used",
                Moment(used_at) if is_used else "nobody has its secret in use",
                is_done=is_used,
                is_now=is_open and not is_used,
                is_skipped=is_off and not is_used,
            ),
            Step(
                f"The account is quiet for {span(timedelta(hours=row.quiet_hours))}",
                quiet if is_open else "",
                is_done=row.state == ReplacementState.MOVED,
                is_now=is_open and is_used,
                is_skipped=is_off,
            ),
            Step(
                "Taken back" if is_off else "The account is disabled",
                Moment(row.ended_at) if row.ended_at else "by itself",
                is_done=not is_open,
            ),
        ],
    )


def use_chart(row: Replacement, at: datetime) -> Series:
    """The calls of both, day by day, from a fortnight before it began: two queries."""
    since = row.begun_at - BEFORE
    until = max(row.ended_at or at, row.begun_at) + timedelta(days=1)
    of_account = activity.by_day(activity.hours(row.account_id, since=since))
    of_identity = activity.by_day(activity.hours(row.identity_id, since=since))
    count = max((min(until, at).date() - since.date()).days + 1, FEWEST_COLUMNS)
    days = [since.date() + timedelta(days=place) for place in range(count)]
    known = bool(of_account or of_identity)
    lines = [
        Line("by the managed identity", GOOD, [of_identity[day] if known else None for day in days], is_sum=True),
        Line("by the service user", WARN, [of_account[day] if known else None for day in days], is_sum=True),
    ]
    empty = Empty("Neither was used", "The next call of either shows here.", icon="show_chart")
    text = "Calls to the API with each, days in UTC. When only the identity's are left, the account is disabled."
    return Series("replacement-use", "Calls a day", days, lines, empty, text, bars=True)


def refused_table(row: Replacement) -> list[Table]:
    """What the identity was refused since it began: what its role lacks, if the client needs it. One query."""
    found = activity.refusals(row.identity_id, since=row.begun_at)
    rows = [
        [permission_badge(use.permission) if use.permission in MEANING else use.permission.replace("_", " "),
         use.resource_kind.replace("_", " "), f"{use.times:,}", Moment(use.last_at)]
        for use in found[:SHOWN]
    ]  # fmt: skip
    if not rows:
        return []
    text = "If its client needs this, add the permission to the role; while both are alive nothing is lost by it."
    heads = ["It lacked", "For", "Times", "Last"]
    return [Table("What the identity was refused", heads, rows, _all_covered(), text)]


def facts_of(row: Replacement) -> Facts:
    """What was agreed when it began, and how it ended."""
    facts = [
        Fact("Service user", account_link(row)),
        Fact("Managed identity", link_to(row.identity)),
        Fact("Role", link_to(row.role) if row.role else ""),
        Fact("It permits", Lines([permission_badge(name) for name in row.permissions] or [Quiet("nothing")], row=True),
             wide=True),
        Fact("Looked back", f"{row.looked_back_days} days"),
        Fact("Quiet for", span(timedelta(hours=row.quiet_hours)), "before the account is disabled"),
        Fact("Overdue", Moment(row.overdue_at)),
        Fact("Owner told", Moment(row.told_overdue_at) if row.told_overdue_at else ""),
        Fact("Why", row.reason, wide=True),
        Fact("Ended", Moment(row.ended_at) if row.ended_at else ""),
        Fact("How it ended", row.ended_reason, wide=True),
    ]  # fmt: skip
    return Facts("What was agreed", [fact for fact in facts if fact.is_known])


def not_covered_table(row: Replacement) -> Table:
    """What the account did and the identity cannot do, as it was when it began."""
    rows = [[one["text"], f"{one['times']:,}", Moment(_moment(one))] for one in row.not_covered]
    return Table("What the identity cannot do", ["What", "Times", "Last"], rows, _all_covered())


def finishing_notes(row: Replacement, at: datetime) -> Sequence[Block]:
    """What speaks against disabling the account now."""
    objection = ending.against_finishing(row, at=at)
    if objection is None:
        return []
    return [Notice("Something could break.", objection[1], "bad", "warning")]


def cancelling_notes(row: Replacement, at: datetime) -> Sequence[Block]:
    """What speaks against taking it back now."""
    if not ending.is_identity_in_use(row.identity, at=at):
        return []
    text = Lines([f"{row.identity.name} was used", Moment(row.identity.last_used_at)], row=True)
    return [Notice("Somebody has moved over.", text, "bad", "warning")]


def _moment(one: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(one.get("last_at")))
    except ValueError:
        return None


def _all_covered() -> Empty:
    return Empty("Everything is covered", "The role permits all that the account did.", icon="check_circle")
