"""How far the audit trail is proven: four small queries."""

from collections.abc import Sequence

from audit import selectors as audit
from audit.models import AuditEvent
from identities.access.matrix import Duty
from identities.admin.pages import list_of
from identities.admin.panels.base import Panel
from identities.admin.parts import Badge, Block, Fact, Facts, Lines, Link, Moment


class Proof(Panel):
    """How far the audit trail is proven."""

    kind = "proof"
    position = 50
    width = 6
    duty = Duty.READ_AUDIT

    def load(self) -> None:
        self.state = audit.verification_state()

    def blocks(self) -> Sequence[Block]:
        state = self.state
        verdict = {
            None: Badge("not verified yet", "quiet"),
            True: Badge("intact", "good"),
            False: Badge(f"broken at {state.break_seq}", "bad"),
        }[state.is_intact]
        facts = [
            Fact("Chain", Lines([verdict], row=True), state.message),
            Fact("Sealed records", f"{state.sealed:,}", f"{state.unsealed:,} waiting for their seal"),
            Fact("Last walk over the chain", Moment(state.verified_at), f"up to record {state.verified_up_to:,}"),
            Fact("Last checkpoint", Moment(state.checkpoint_at, "none yet"), f"record {state.checkpoint_seq:,}"),
            Fact("Look into it", Link("Audit log", list_of(AuditEvent)), wide=True),
        ]
        return [Facts("Audit trail", facts)]
