"""What the rules hold against an identity."""

from collections.abc import Sequence

from identities.admin.finding_rows import findings_table
from identities.admin.pages import list_of
from identities.admin.parts import Block, Empty, Link
from identities.admin.tabs.base import IdentityTab
from identities.detections.models import BY_SEVERITY, Finding, FindingState

SHOWN, ENDED = 50, 20


class FindingsTab(IdentityTab):
    """Its findings: those that stand, the worst first, and those that ended."""

    kind = "findings"
    label = "Findings"
    position = 35

    def blocks(self) -> Sequence[Block]:
        rows = Finding.objects.filter(identity=self.identity)
        standing = list(
            rows.exclude(state=FindingState.RESOLVED).annotate(rank=BY_SEVERITY).order_by("rank", "code")[:SHOWN]
        )
        ended = list(rows.filter(state=FindingState.RESOLVED).order_by("-resolved_at")[:ENDED])
        nothing = Empty(
            "Nothing is held against it",
            "It is judged by every rule again within seconds after something about it changes.",
            icon="verified_user",
        )
        more = Link("All findings", list_of(Finding, q=self.identity.name)) if len(standing) == SHOWN else None
        blocks: list[Block] = [findings_table("Findings", standing, nothing, more=more)]
        if ended:
            blocks.append(findings_table("Resolved", ended, nothing))
        return blocks
