"""The service user whose place an identity takes, on the identity's page."""

from collections.abc import Sequence
from typing import ClassVar

from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.pages import page_of
from identities.admin.parts import Block, Lines, Link, Notice
from identities.admin.replacement_rows import account_link, facts_of, state_badge, steps_of, use_chart
from identities.admin.tabs.base import IdentityTab
from identities.inventory.models import ManagedIdentity
from identities.service_users.models import Replacement, ReplacementState


class ReplacementTab(IdentityTab):
    """Only for an identity that was made to replace a service user."""

    kind: ClassVar[str] = "replacement"
    label: ClassVar[str] = "Replaces"
    position: ClassVar[int] = 13

    @classmethod
    def applies(cls, identity: ManagedIdentity) -> bool:
        return _of(identity) is not None

    def blocks(self) -> Sequence[Block]:
        row, at = _of(self.identity), timezone.now()
        if row is None:
            return []
        way = Link("All about it", page_of(row)) if self.scope.may(Duty.GOVERN, row.tenant_id) else None
        text = Lines([account_link(row), state_badge(row)], row=True)
        notice = Notice("The service user whose place it takes", text, "info", "move_up", way)
        return [notice, steps_of(row, at), use_chart(row, at), facts_of(row)]

    def notices(self) -> Sequence[Block]:
        row = _of(self.identity)
        if row is None or row.state != ReplacementState.BOTH_ALIVE:
            return []
        text = Lines([account_link(row), "works beside it until its client has moved over."], row=True)
        return [Notice("It takes the place of a service user.", text, "info", "move_up")]


def _of(identity: ManagedIdentity) -> Replacement | None:
    """Read with the identity (`IdentityAdmin.details`): no query of its own."""
    found: Replacement | None = getattr(identity, "replacement_of", None)
    return found
