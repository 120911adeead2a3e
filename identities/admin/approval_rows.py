"""How an approval is shown: where it stands, whose word it has and whose it needs."""

from django.urls import NoReverseMatch, reverse

from identities.admin.pages import link_to
from identities.admin.parts import (
    Badge,
    Block,
    Code,
    Empty,
    Fact,
    Facts,
    Lines,
    Link,
    Moment,
    Notice,
    Quiet,
    Step,
    Steps,
    Table,
)
from identities.admin.wording import BAD, GOOD, INFO, QUIET, WARN, words
from identities.approvals.four_eyes import Refusal
from identities.approvals.models import ApprovalRequest, ApprovalState, ApprovalVote, Need
from identities.approvals.selectors import met, open_needs
from identities.approvals.subjects.base import kinds

STATES = {
    ApprovalState.PENDING: ("waits for a word", WARN),
    ApprovalState.APPROVED: ("approved", GOOD),
    ApprovalState.REJECTED: ("rejected", BAD),
    ApprovalState.WITHDRAWN: ("withdrawn", QUIET),
    ApprovalState.SUPERSEDED: ("changed since, asked anew", QUIET),
    ApprovalState.EXPIRED: ("expired unanswered", QUIET),
}
WHOSE = {
    Need.SECURITY: ("Security", "somebody who speaks for security"),
    Need.OWNER: ("Owner", "an owner of it"),
    Need.APPROVER: ("Approver", "an ADMIN or an owner"),
}
#: What is approved, and whose page that is.
PAGES = {
    "identity_request": "identities_identityrequest",
    "identity": "identities_managedidentity",
    "elevation": "identities_elevation",
    "break_glass": "identities_breakglassgrant",
    "schedule": "scheduling_schedule",
}
NOTHING = Quiet("nothing")


def state_badge(row: ApprovalRequest) -> Badge:
    """Where it stands, in words."""
    text, tone = STATES[ApprovalState(row.state)]
    return Badge(text, tone)


def kind_of(row: ApprovalRequest) -> str:
    """What kind of thing it is about, as its room calls it."""
    found = kinds.get(row.subject_kind)
    return found.label if found else words(row.subject_kind)


def subject_link(row: ApprovalRequest) -> Link:
    """A way to what it is about, or its name where that has no page."""
    try:
        name = PAGES[row.subject_kind]
        return Link(row.subject_label, reverse(f"admin:{name}_change", args=[row.subject_id]))
    except (KeyError, NoReverseMatch):
        return Link(row.subject_label)


def waits_for(row: ApprovalRequest) -> str:
    """Whose word is open, in a few words."""
    return " and ".join(WHOSE[need][1] for need in open_needs(row))


def steps(row: ApprovalRequest) -> Steps:
    """From the asking over each need to the end, with who gave which word."""
    given = {Need(vote.need): vote for vote in row.votes.all()}
    is_open = row.state == ApprovalState.PENDING
    asked = Step("Asked", Lines([Moment(row.requested_at), Quiet(f"by {row.requested_by}")]), is_done=True)
    needs = [_step(Need(need), given.get(Need(need)), is_open=is_open) for need in row.needs]
    text = "No person gives two of these words, and nobody who asked gives one." if row.distinct_people else ""
    return Steps("How far it is", [asked, *needs, _end(row)], text)


def _step(need: Need, vote: ApprovalVote | None, *, is_open: bool) -> Step:
    label, whom = WHOSE[need]
    if vote is None:
        return Step(label, whom if is_open else "not given", is_now=is_open)
    said = "yes" if vote.is_approval else "no"
    lines = Lines([f"{said}: {vote.person_label}", Moment(vote.at), Quiet(vote.reason)])
    return Step(label, lines, is_done=True, tone=GOOD if vote.is_approval else BAD)


def _end(row: ApprovalRequest) -> Step:
    if row.state == ApprovalState.PENDING:
        return Step("Decided", Lines([Quiet("ends unanswered"), Moment(row.due_at)]))
    text, tone = STATES[ApprovalState(row.state)]
    return Step(words(text), Lines([Moment(row.decided_at), Quiet(row.state_reason)]), is_done=True, tone=tone)


def standing(row: ApprovalRequest, refusal: Refusal | None, *, anew: ApprovalRequest | None) -> list[Block]:
    """What the reader has to know first: whether it waits for them, and if not, why."""
    if row.state == ApprovalState.SUPERSEDED:
        action = Link("What was asked anew", link_to(anew).href) if anew is not None and anew.pk != row.pk else None
        return [Notice("What it was about has changed since.", "It was asked anew; words given here count for nothing.",
                       INFO, "published_with_changes", action)]  # fmt: skip
    if row.state != ApprovalState.PENDING:
        return []
    if refusal is None:
        text = f"It waits for {waits_for(row)}. Read what is asked before you give your word."
        return [Notice("It waits for you.", text, WARN, "how_to_vote")]
    said, waits = refusal.sentence, f"It waits for {waits_for(row)}."
    text = said if said.startswith("It waits for") else f"{said} {waits}"
    return [Notice("You cannot give a word on this.", text, INFO, "group")]


def facts(row: ApprovalRequest) -> Facts:
    """Who asked for what, since when, and what came with it."""
    found = [
        Fact("About", Lines([subject_link(row), Quiet(kind_of(row))])),
        Fact("Identity", link_to(row.identity) if row.identity and row.subject_kind != "identity" else ""),
        Fact("Asked by", row.requested_by),
        Fact("Asked", Moment(row.requested_at, exact=True)),
        Fact("Ends unanswered", Moment(row.due_at, exact=True) if row.due_at else ""),
        Fact("Ticket", _ticket(row.ticket)),
        Fact("Change note", row.change_note, wide=True),
        Fact("Rollback plan", row.rollback_plan, wide=True),
        Fact("SHA-256", Code(row.content_hash, copy=True), "Of exactly what is approved.", wide=True),
    ]
    return Facts("What is asked", [fact for fact in found if fact.is_known])


def vote_table(row: ApprovalRequest) -> Table:
    """Every word that was given, with what it was given on."""
    rows = [
        [
            vote.person_label,
            WHOSE[Need(vote.need)][0],
            Badge("yes", GOOD) if vote.is_approval else Badge("no", BAD),
            Lines([vote.reason]) if vote.reason else NOTHING,
            Moment(vote.at),
        ]
        for vote in row.votes.all()
    ]
    empty = Empty("Nobody has given a word yet", f"It waits for {waits_for(row)}." if open_needs(row) else "")
    return Table("Words given", ["Who", "As", "Word", "Reason", "When"], rows, empty)


def needs_cell(row: ApprovalRequest) -> object:
    """For a list: which needs are met."""
    if not row.needs:
        return Quiet("nobody's word")
    given = met(row)
    return Lines(
        [Badge(WHOSE[Need(need)][0].lower(), GOOD if Need(need) in given else QUIET,
               "given" if Need(need) in given else "open") for need in row.needs], row=True
    )  # fmt: skip


def _ticket(ticket: str) -> object:
    return Link(ticket, ticket) if ticket.startswith("https://") else ticket
