"""How far the audit trail is proven: one query."""

from collections.abc import Sequence

from audit.models import AuditEvent, AuditVerification
from identities.access.matrix import Duty
from identities.admin.pages import list_of
from identities.admin.panels.base import Panel
from identities.admin.parts import Badge, Block, Fact, Facts, Lines, Link, Moment


class Proof(Panel):
    """What the last walk over the trail found; the audit log itself says how far it has come since."""

    kind = "proof"
    position = 25
    width = 2
    duty = Duty.READ_AUDIT

    def load(self) -> None:
        self.last = AuditVerification.objects.order_by("-id").first()

    def blocks(self) -> Sequence[Block]:
        last = self.last
        if last is None:
            verdict, said = Badge("not verified yet", "quiet"), "The first walk comes within the hour."
        else:
            broken = f"broken at {last.break_seq}"
            verdict = Badge("intact", "good") if last.is_intact else Badge(broken, "bad")
            said = last.message
        facts = [
            Fact("Chain", Lines([verdict], row=True), said),
            Fact("Last walk over the chain", Moment(last.finished_at if last else None)),
            Fact("Records walked", f"{last.sealed:,}" if last else "", "sealed and linked to each other"),
            Fact("Look into it", Link("Audit log", list_of(AuditEvent))),
        ]
        return [Facts("Audit trail", facts)]
