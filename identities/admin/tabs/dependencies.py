"""What breaks if the identity is removed: a picture, and each edge with its evidence (S3-65, S3-68)."""

from collections.abc import Sequence

from django.urls import NoReverseMatch, reverse

from identities.access.matrix import Duty
from identities.admin.pages import command_of
from identities.admin.parts import Arrow, Badge, Block, Box, Empty, Graph, Lines, Link, Moment, Notice, Quiet, Table
from identities.admin.tabs.base import IdentityTab
from identities.admin.wording import words
from identities.inventory.dependencies.base import Dependency, Direction, dependencies_of
from identities.inventory.vocabulary import DisableStrategy

DRAWN, LISTED = 12, 50
CENTRE = "identity"
STRATEGIES = {
    DisableStrategy.IMMEDIATE.value: ("It may be disabled at once.", "good"),
    DisableStrategy.STAGED.value: ("It needs a replacement before it goes.", "warn"),
}
UNSAID = ("Nobody has said whether it may be disabled at once.", "warn")
STEPS = (
    "Give each thing below another identity, or a new secret where one is shared.",
    "Pause its schedules, and wait one full cadence: what breaks now breaks reversibly.",
    "Disable it. Enabling brings it back as it was, save its tokens.",
    "Retire it. Secrets, tokens and bindings end; the row stays as evidence.",
)


class DependenciesTab(IdentityTab):
    """Everything that is joined to it, in a picture and in a table."""

    kind = "dependencies"
    label = "What breaks"
    position = 15

    def blocks(self) -> Sequence[Block]:
        found = dependencies_of(self.identity)
        return [self._strategy(found), self._picture(found), *self._steps(), self._table(found)]

    def _strategy(self, found: Sequence[Dependency]) -> Notice:
        breaking = sum(one.direction is Direction.DOWNSTREAM for one in found)
        strategy = self.identity.disable_strategy
        title, tone = STRATEGIES.get(strategy, UNSAID)
        noticing = f"{breaking} thing{'s' if breaking != 1 else ''} would notice."
        lines: list[object] = [noticing if breaking else "Nothing known depends on it."]
        if self.identity.revocation_procedure:
            lines.append(Lines([Quiet("How to switch it off:"), self.identity.revocation_procedure], row=True))
        action = None
        if not strategy and self.scope.may(Duty.GOVERN, self.identity.tenant_id) and self.identity.state != "retired":
            action = Link("Say so", command_of(self.identity, "edit"))
        return Notice(title, Lines(lines), tone, "power_settings_new", action)

    def _steps(self) -> Sequence[Block]:
        if self.identity.disable_strategy != DisableStrategy.STAGED:
            return ()
        rows = [[str(number), step] for number, step in enumerate(STEPS, 1)]
        return [Table("In stages", ["Step", "What to do"], rows, Empty("No steps"))]

    def _picture(self, found: Sequence[Dependency]) -> Graph:
        up = [one for one in found if one.direction is Direction.UPSTREAM]
        down = [one for one in found if one.direction is Direction.DOWNSTREAM]
        centre = Box(CENTRE, self.identity.name, words(self.identity.kind), self.identity.environment, is_centre=True)
        arrows = [Arrow(_key(one), CENTRE, one.evidence) for one in up]
        arrows += [Arrow(CENTRE, _key(one), one.evidence) for one in down]
        ranks = [rank for rank in (_boxes(up), [centre], _boxes(down)) if rank]
        text = "On the left what it needs, on the right what notices when it goes." if found else ""
        hidden = len(found) - min(len(up), DRAWN) - min(len(down), DRAWN)
        if hidden > 0:
            text += f" {hidden} more stand in the table."
        return Graph("What it is joined to", ranks, arrows, text=text)

    def _table(self, found: Sequence[Dependency]) -> Table:
        rows = [
            [
                Badge(words(one.kind)),
                Link(one.label, _page(one)) if _page(one) else one.label,
                Lines([one.detail, Quiet("needed by it")]) if one.direction is Direction.UPSTREAM else one.detail,
                one.evidence or "–",
                Moment(one.last_seen_at, "not seen"),
            ]
            for one in found[:LISTED]
        ]
        empty = Empty(
            "Nothing known depends on it",
            "Schedules, roles, tokens, decisions, shared secrets and what is stated on the identity would be listed.",
            icon="check_circle",
        )
        heads = ["Kind", "What", "What happens if it is removed", "How we know", "Last seen"]
        return Table(f"All {len(found)} of them" if len(found) > 1 else "In words", heads, rows, empty)


def _boxes(found: Sequence[Dependency]) -> list[Box]:
    return [
        Box(_key(one), one.label, words(one.kind), one.evidence or one.detail, _tone(one), _page(one))
        for one in found[:DRAWN]
    ]


def _tone(one: Dependency) -> str:
    if one.direction is Direction.UPSTREAM:
        return "info"
    return "warn" if one.last_seen_at is not None else "quiet"


def _key(one: Dependency) -> str:
    return f"{one.direction}:{one.kind}:{one.id}"


def _page(one: Dependency) -> str:
    if not one.model:
        return ""
    try:
        return reverse(f"admin:{one.model.replace('.', '_')}_change", args=[one.id])
    except NoReverseMatch:
        return ""
