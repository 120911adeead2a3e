"""Break-glass on the overview: a banner while one is in use or waits for its review; one query."""

from collections.abc import Sequence

from identities.admin.break_glass_rows import notices
from identities.admin.elevation_rows import state_badge
from identities.admin.pages import page_of
from identities.admin.panels.base import Panel
from identities.admin.parts import Block, Lines, Link, Notice, Quiet
from identities.elevations import selectors

SHOWN = 5


class BreakGlassBanner(Panel):
    """Loud, and silent where there is none."""

    kind = "break_glass"
    position = 7

    def load(self) -> None:
        rows = selectors.break_glass(self.scope.tenant_ids(self.duty)).filter(state__in=selectors.UNREVIEWED)
        self.found = list(rows.order_by("used_at")[:SHOWN])

    def banners(self) -> Sequence[Block]:
        said = []
        for row in self.found:
            first = notices(row)[0]
            title = f"Break-glass on {row.identity.name}: {state_badge(row, self.at).text}."
            text = Lines([row.used_reason, Quiet(f"'{row.role.name}', used by {row.used_by}")])
            said.append(Notice(title, text, first.tone, first.icon, Link("Open", page_of(row))))
        return said
