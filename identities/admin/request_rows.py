"""The pieces that the page of a request is made of: steps, facts, checks, the tier's reasons, whose word is needed."""

from collections.abc import Sequence

from django.utils import timezone

from identities.access.bundles import BUNDLES
from identities.admin.pages import command_of, link_to
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
from identities.admin.wording import BAD, GOOD, INFO, QUIET, WARN, tone_of, took, words
from identities.approvals import entitlement
from identities.approvals.models import ApprovalState, Need
from identities.people.models import User
from identities.requests import selectors
from identities.requests.models import IdentityRequest, RequestState

TONES = {
    RequestState.PENDING: WARN,
    RequestState.APPROVED: INFO,
    RequestState.ISSUED: GOOD,
    RequestState.REJECTED: BAD,
    RequestState.CANCELLED: QUIET,
    RequestState.EXPIRED: QUIET,
}
AS = {
    Need.APPROVER: "one who governs, or an owner",
    Need.OWNER: "who answers for it",
    Need.SECURITY: "one who governs",
}
MOST = 6


def state_badge(row: IdentityRequest) -> Badge:
    """Where it stands, in a word."""
    return Badge(row.get_state_display().lower(), TONES[RequestState(row.state)])


def steps(row: IdentityRequest) -> Steps:
    """Requested, approved, issued: each with its instant and how long it took."""
    ended = row.state in (RequestState.REJECTED, RequestState.CANCELLED, RequestState.EXPIRED)
    over = Lines([f"{row.get_state_display()}", Moment(row.closed_at), Quiet(row.state_reason)]) if ended else ""
    approved = Lines([Moment(row.approved_at), Quiet(took(row.requested_at, row.approved_at))])
    issued = Lines([Moment(row.issued_at), Quiet(took(row.requested_at, row.issued_at))])
    return Steps(
        "How far it is",
        [
            Step("Requested", Lines([Moment(row.requested_at), Quiet(f"by {row.requested_by}")]), is_done=True),
            Step(
                "Approved",
                approved if row.approved_at else over,
                is_done=row.approved_at is not None,
                is_now=row.state == RequestState.PENDING,
                tone="bad" if row.state == RequestState.REJECTED else "",
            ),
            Step(
                "Issued",
                issued if row.issued_at else (row.problem or (over if row.approved_at else "")),
                is_done=row.issued_at is not None,
                is_now=row.state == RequestState.APPROVED,
            ),
        ],
        "Under each step is how long it took from the request on.",
    )


def notices(row: IdentityRequest, person: User) -> list[Block]:
    """What the person who looks should know first."""
    found: list[Block] = []
    if row.problem:
        found.append(Notice("Approved, and not issued yet.", f"{row.problem} It is tried again.", WARN))
    if selectors.may_collect(row, person.pk):
        action = Link("Collect secret", command_of(row, "collect"))
        found.append(Notice("Its secret waits for you.", "It is shown once, to you alone.", INFO, "key", action))
    return found


def facts(row: IdentityRequest) -> Facts:
    """What is asked for."""
    bundle = BUNDLES.get(row.bundle)
    place = row.store_secret_at or {}
    where = Code(f"{place.get('vaultUri')} {place.get('secretName')}") if place else "to who asked, once"
    labels = {field.key: field.label for field in bundle.evidence} if bundle else {}
    return Facts(
        "What is asked",
        [
            Fact("Bundle", bundle.label if bundle else row.bundle, bundle.description if bundle else ""),
            Fact("Identity", link_to(row.identity) if row.identity else Quiet("none yet")),
            Fact("Kind", words(row.kind)),
            Fact("Environment", words(row.environment)),
            Fact("Technical owner", link_to(row.technical_owner) if row.technical_owner else ""),
            Fact("Owning team", link_to(row.owner_team) if row.owner_team else ""),
            Fact("Workflow", row.workflow),
            Fact("Data classification", row.data_classification),
            Fact("Customers depend on it", "yes" if row.customer_facing else "no"),
            Fact("Needed until", Moment(row.expires_at, exact=True)),
            Fact("Ticket", row.ticket),
            Fact("Its secret", where if not row.is_for_existing else "none: the identity has its own"),
            Fact("Permissions", Lines([Code(name) for name in row.permissions], row=True), wide=True),
            Fact("Purpose", row.purpose, wide=True),
            *(Fact(labels.get(key, key), said) for key, said in row.evidence.items()),
            Fact("Change note", row.change_note, wide=True),
            Fact("Rollback plan", row.rollback_plan, wide=True),
        ],
    )


def reasons_table(row: IdentityRequest) -> Table:
    """Why the tier is what it is."""
    rows = [[Badge(said["tier"], tone_of(said["tier"])), said["text"]] for said in row.tier_reasons]
    return Table("Why this tier", ["At least", "Because"], rows, Empty("No reason was kept"))


def checks_table(row: IdentityRequest) -> Table:
    """How the automated checks came out."""
    rows = [
        [
            words(said["check"]),
            Badge("passed", GOOD) if said["is_passed"] else Badge("failed", BAD),
            said["text"],
        ]
        for said in row.checks
    ]
    text = "Run when it is asked or changed, and once more before it is issued."
    return Table("Automated checks", ["Check", "", "What was found"], rows, Empty("No check was kept"), text)


def needs_table(row: IdentityRequest) -> Block:
    """Whose word is needed, who gave it, and who could."""
    empty = Empty("Nobody is asked", "Of low tier the automated checks decide.", icon="bolt")
    approval = row.approval
    if approval is None or not approval.needs:
        return Table("Whose word is needed", ["As", "Who", "When", "What they said"], [], empty)
    votes = {vote.need: vote for vote in approval.votes.all()}
    is_open = approval.state == ApprovalState.PENDING
    able = entitlement.able(approval) if is_open else None
    rows: list[Sequence[object]] = []
    for need in map(Need, approval.needs):
        vote = votes.get(need)
        if vote is not None:
            said = Badge("yes", GOOD) if vote.is_approval else Badge("no", BAD)
            rows.append([AS[need], Lines([said, vote.person_label], row=True), Moment(vote.at), vote.reason or ""])
        else:
            people = sorted(person.email for person in able.of(need).values()) if able else []
            rows.append([AS[need], _waiting_for(people), Quiet("–"), ""])
    text = "Two different people, and neither of them who asked." if approval.distinct_people else ""
    link = Link("Approval", link_to(approval).href)
    return Table("Whose word is needed", ["As", "Who", "When", "What they said"], rows, empty, text, link)


def _waiting_for(people: Sequence[str]) -> object:
    if not people:
        return Badge("nobody can say it now", BAD)
    more = f" and {len(people) - MOST} more" if len(people) > MOST else ""
    return Lines([Badge("waits for", WARN), f"{', '.join(people[:MOST])}{more}"], row=True)


def age(row: IdentityRequest) -> str:
    """How long it has taken so far, or took."""
    return took(row.requested_at, row.closed_at or timezone.now())
