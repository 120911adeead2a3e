"""How an identity or a schedule stands with its approval, on its own page: a badge, and what it waits for."""

from typing import Any
from uuid import UUID

from identities.access.identity_approval import KIND, PENDING
from identities.admin.pages import page_of
from identities.admin.parts import Badge, Block, Lines, Link, Moment, Notice, Quiet
from identities.approvals import selectors as approvals
from identities.approvals.models import ApprovalRequest, ApprovalState

WHY = "Others said yes to exactly this: a change asks them again."
WAITS = "It changed since others said yes to it."
MEANING = "What it held when it was approved goes on. Roles that it was given since give nothing until others say yes."
WAY_BACK = "Change it back to what was approved, or ask again: any further change puts the question anew."


def approval_badges(state: str) -> list[Badge | Link]:
    """Nothing where nobody ever had to say yes."""
    if not state:
        return []
    return [Badge("waits for approval", "warn", WAITS) if state == PENDING else Badge("approved", "good", WHY)]


def identity_notices(identity: Any) -> list[Block]:
    """What waits, who asked, and the way on. A query only where something waits."""
    if identity.approval_state != PENDING:
        return []
    return [waiting(KIND, identity.pk, "This identity waits for approval.", MEANING)]


def waiting(kind: str, subject_id: UUID, title: str, meaning: str) -> Notice:
    """The notice with the last question about it, answered or not."""
    last = approvals.latest(kind, subject_id)
    if last is None:
        return Notice(title, meaning, "warn", "how_to_reg")
    if last.state == ApprovalState.PENDING:
        asked = Lines([Quiet("Asked by"), last.requested_by, Moment(last.requested_at)], row=True)
        return Notice(title, Lines([meaning, asked]), "warn", "how_to_reg", _open(last))
    ended = f"The last question was {last.get_state_display().lower()}"
    said = f"{ended}: {last.state_reason}" if last.state_reason else f"{ended}."
    return Notice(title, Lines([meaning, said, WAY_BACK]), "warn", "how_to_reg", _open(last))


def _open(approval: ApprovalRequest) -> Link:
    return Link("Open the approval", page_of(approval))
