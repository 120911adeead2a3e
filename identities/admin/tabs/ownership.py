"""Ownership: who answers for it, who is next in line, and how it came and may go to other hands."""

from collections.abc import Sequence

from identities.access.matrix import Duty
from identities.admin.pages import command_of, link_to, page_of
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Table
from identities.admin.tabs.base import IdentityTab
from identities.inventory.states import State
from identities.people.models import User
from identities.succession.models import CaseState, OwnershipTransfer, SuccessionCase

SHOWN = 25


class OwnershipTab(IdentityTab):
    """Owners, successions and transfers."""

    kind = "ownership"
    label = "Ownership"
    position = 12

    def notices(self) -> Sequence[Block]:
        if self.identity.caretaker_since is None:
            return ()
        case = SuccessionCase.objects.filter(identity=self.identity, state=CaseState.OPEN).first()
        if case is None:
            return ()
        asked = ", ".join(case.steps[-1]["labels"][:3]) or "nobody yet"
        text = Lines(
            [Quiet(f"{case.cause}. It goes on working; asked now: {asked}, until"), Moment(case.due_at)], row=True
        )
        action = Link("Who takes it over?", page_of(case))
        return [Notice("Caretaker state: nobody answers for it", text, "warn", "family_history", action)]

    def blocks(self) -> Sequence[Block]:
        return [*self.notices(), self._owners(), self._transfers(), self._successions()]

    def _owners(self) -> Facts:
        it = self.identity
        may_hand_on = self.scope.may(Duty.GOVERN, it.tenant_id) and it.state != State.RETIRED
        action = [Fact("Changes hands", Link("Hand on", command_of(it, "transfer")))] if may_hand_on else []
        return Facts(
            "Who answers for it",
            [
                Fact("Technical owner", _who(it.technical_owner, it.technical_owner_label)),
                Fact("Business owner", _who(it.business_owner, it.business_owner_label)),
                Fact("Deputy", _who(it.deputy_owner, it.deputy_owner_label), "Asked first when the owners are gone."),
                Fact("Owning team", link_to(it.owner_team) if it.owner_team else "", "Asked next."),
                *action,
            ],
        )

    def _transfers(self) -> Table:
        found = OwnershipTransfer.objects.filter(identity=self.identity).select_related("receiver")
        rows = [
            [Link(f"{row.asked_at:%d %b %Y}", page_of(row)), link_to(row.receiver), row.get_state_display(), row.reason]
            for row in found[:SHOWN]
        ]
        empty = Empty("It never changed hands", "Hand it on, and the receiver is asked.", icon="swap_horiz")
        return Table("Transfers", ["Asked", "To", "State", "Why"], rows, empty)

    def _successions(self) -> Table:
        found = SuccessionCase.objects.filter(identity=self.identity)
        rows = [
            [
                Link(f"{row.opened_at:%d %b %Y}", page_of(row)),
                row.cause,
                row.get_state_display(),
                Lines([row.settled_by, Quiet(row.settled_reason)]),
            ]
            for row in found[:SHOWN]
        ]
        empty = Empty("It was never left behind", "Should its owners go, who is asked next will stand here.")
        return Table("Successions", ["Since", "Why", "State", "Settled by"], rows, empty)


def _who(person: User | None, label: str) -> object:
    if person is None:
        return Lines([label, Badge("matched to nobody", "warn")], row=True) if label else ""
    return link_to(person) if person.is_active else Lines([link_to(person), Badge("left", "bad")], row=True)
