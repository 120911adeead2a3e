"""Reviews: until when an identity is certified, what drifted since, and each question with its answer."""

from collections.abc import Sequence

from django.utils import timezone

from identities.admin.campaign_item_commands import BUTTONS
from identities.admin.campaign_item_rows import advice, answer, came_of_it
from identities.admin.pages import command_of, list_of, page_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Table
from identities.admin.review_screen import address_of
from identities.admin.tabs.base import IdentityTab
from identities.inventory.portrait.base import kinds as portrait_parts
from identities.recertification import snapshots
from identities.recertification.models import CertifiedSnapshot, ItemState, ReviewItem

SHOWN = 25


class Reviews(IdentityTab):
    """What people answered for it."""

    kind = "reviews"
    label = "Reviews"
    position = 58

    def blocks(self) -> Sequence[Block]:
        rows = ReviewItem.objects.filter(identity=self.identity).select_related("campaign__tenant", "identity")
        items = list(rows.order_by("-opened_at", "pk")[:SHOWN])
        return [*self._waiting(items), self._certificate(), self._items(items)]

    def _waiting(self, items: Sequence[ReviewItem]) -> list[Block]:
        found = next((item for item in items if item.state == ItemState.OPEN), None)
        if found is None:
            return []
        is_mine = found.reviewer_id == self.scope.user.pk
        way = Link("Answer it", address_of(found.campaign, found.pk) if is_mine else page_of(found))
        asked = Lines(
            [Quiet("of"), found.reviewer_label or "nobody", Quiet("until"), Moment(found.campaign.due_at)], row=True
        )
        return [Notice("A review of it is asked.", asked, "info", "fact_check", way)]

    def _certificate(self) -> Facts:
        kept = CertifiedSnapshot.objects.filter(identity=self.identity).order_by("-certified_at").first()
        if kept is None:
            return Facts("Certificate", [Fact("Certified until", "", "Nobody certified it yet.")])
        over = kept.ended_at is not None or kept.certified_until <= timezone.now()
        state = (
            Badge("ended", "quiet") if over else Badge("drifted", "warn") if kept.drifted else Badge("holds", "good")
        )
        drifted = [
            Badge(str(getattr(portrait_parts.get(part), "label", part)), "warn") for part in sorted(kept.drifted)
        ]
        seal = Badge("seal holds", "good") if snapshots.is_intact(kept) else Badge("SEAL BROKEN", "bad")
        facts = [
            Fact("Certified until", Lines([Moment(kept.certified_until), state], row=True)),
            Fact("Certified", Moment(kept.certified_at), f"by {kept.certified_by}"),
            Fact(
                "Changed since", Lines(drifted, row=True) if drifted else "nothing of it", "Asked again, part by part."
            ),
            Fact("Ended", Moment(kept.ended_at) if kept.ended_at else "", kept.ended_reason),
            Fact("Snapshot", Lines([Code(kept.digest[:16]), seal], row=True), "SHA-256 of what was certified."),
        ]
        return Facts("Certificate", facts)

    def _items(self, items: Sequence[ReviewItem]) -> Table:
        rows = [
            [
                Lines([Link(item.campaign.name, page_of(item)), Moment(item.opened_at)]),
                item.reviewer_label or Badge("nobody", "bad"),
                advice(item),
                Lines([answer(item), Quiet(item.decision_reason)]),
                Lines([came_of_it(item), self._undo(item)]),
            ]
            for item in items
        ]
        empty = Empty("Never reviewed", "A campaign whose scope it falls in asks about it.", icon="fact_check")
        headers = ["Campaign", "Reviewer", "Recommended", "Decision", "What came of it"]
        more = Link("All its reviews", list_of(ReviewItem, q=self.identity.name))
        return Table("Reviews", headers, rows, empty, more=more if len(items) == SHOWN else None)

    def _undo(self, item: ReviewItem) -> object:
        """The way back, for who may take it and as long as it is open."""
        undo = next(command for command in BUTTONS if command.key == "undo")
        if not undo.applies(item) or not undo.may(self.scope, item, item.campaign.tenant_id):
            return ""
        return Link("Undo", command_of(item, "undo"))
