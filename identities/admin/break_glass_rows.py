"""How the story of a break-glass grant is shown: what must be seen, its steps, its use and what followed."""

from django.utils import timezone

from identities.admin.elevation_rows import asked_facts, countdown
from identities.admin.pages import address_of
from identities.admin.parts import Block, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Step, Steps
from identities.admin.wording import BAD, WARN, words
from identities.credentials.models import Rotation
from identities.elevations import selectors
from identities.elevations.models import BreakGlassGrant, BreakGlassState

UNTIL = "Until it is reviewed, no break-glass of this identity can be armed or used."


def notices(row: BreakGlassGrant) -> list[Notice]:
    """What must be seen: it is in use, or somebody has to look at it."""
    at = timezone.now()
    state = selectors.state_of(row, at)
    said = []
    if state is BreakGlassState.USED and (runs := countdown(row.use_ends_at, at)):
        text = Lines([row.used_reason, runs.text, Quiet(f"By {row.used_by}")])
        said.append(Notice(f"In use. {runs.title}", text, BAD, "e911_emergency"))
    if state is BreakGlassState.REVIEW:
        late = selectors.is_late(row, at)
        title = "Its review is late." if late else "Somebody else has to review it."
        by = Lines([UNTIL, Lines([Quiet("Due"), Moment(row.review_by)], row=True)])
        said.append(Notice(title, by, BAD if late else WARN, "rate_review"))
    if row.rotation.get("state") == "by_hand":
        why = f"{row.rotation.get('text', '')} It cannot be closed before."
        said.append(Notice("What it used has to be replaced by hand.", why, WARN, "autorenew"))
    return said


def asked(row: BreakGlassGrant) -> list[Fact]:
    """What two people approved."""
    own = [Fact("Ready until", Moment(row.valid_until, exact=True))]
    return [*own, *(fact for fact in asked_facts(row) if fact.is_known)]


def aftermath_block(row: BreakGlassGrant) -> list[Block]:
    """How it was used, and what was done about it since; nothing before it is used."""
    if row.used_at is None:
        return []
    rotation = row.rotation.get("rotation_id")
    facts = [
        Fact("Used by", row.used_by),
        Fact("Used", Moment(row.used_at, exact=True)),
        Fact("It ended", Moment(row.use_ends_at, exact=True)),
        Fact("What it used", words(str(row.rotation.get("state") or "is replaced when it is over"))),
        Fact("Rotation", Link("Its page", address_of(Rotation, rotation)) if rotation else ""),
        Fact("Said of it", str(row.rotation.get("text", "")), wide=True),
        Fact("What had happened", row.used_reason, wide=True),
        Fact("Reviewed by", row.reviewed_by),
        Fact("Review", row.review, wide=True),
    ]
    return [Facts("Its use", [fact for fact in facts if fact.is_known])]


def steps(row: BreakGlassGrant) -> Steps:
    """From the asking to the review."""
    at = timezone.now()
    state = selectors.state_of(row, at)
    ended = {
        BreakGlassState.REJECTED: "Rejected",
        BreakGlassState.CANCELLED: "Taken back",
        BreakGlassState.EXPIRED: "Expired unused",
    }.get(state)
    asked = Step("Asked", Lines([Moment(row.requested_at), Quiet(f"by {row.requested_by}")]), is_done=True)
    armed = Step(
        "Armed",
        Moment(row.armed_at) if row.armed_at else "two people approve",
        is_done=row.armed_at is not None,
        is_now=state is BreakGlassState.ASKED,
    )
    if ended:
        return Steps("How far it is", [asked, armed, Step(ended, row.state_reason, is_done=True, tone="quiet")])
    is_over = state in (BreakGlassState.REVIEW, BreakGlassState.CLOSED)
    closed = Lines([Moment(row.reviewed_at), Quiet(f"by {row.reviewed_by}")]) if row.reviewed_at else ""
    used = Lines([Moment(row.used_at), Quiet(f"by {row.used_by}")]) if row.used_at else ""
    return Steps(
        "How far it is",
        [
            asked,
            armed,
            Step("Used", used, is_done=row.used_at is not None, is_now=state is BreakGlassState.ARMED),
            Step(
                "Over",
                Moment(row.use_ends_at) if is_over else "",
                is_done=is_over,
                is_now=state is BreakGlassState.USED,
            ),
            Step("Reviewed", closed, is_done=row.reviewed_at is not None, is_now=state is BreakGlassState.REVIEW),
        ],
    )
