"""A graph of boxes and arrows, laid out and drawn by the server: no script, readable without colour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from identities.admin.parts.blocks import Block, Empty

BOX_WIDTH, BOX_HEIGHT = 204, 62
GAP_ACROSS, GAP_DOWN = 76, 18
MARGIN = 10
TITLE_LENGTH, TEXT_LENGTH = 25, 30
NOTHING = Empty("Nothing to draw", icon="account_tree")


@dataclass(frozen=True)
class Box:
    """One thing: its key, name, what sort it is, a line about it, a tone and the page behind it."""

    key: str
    title: str
    kind: str = ""
    text: str = ""
    tone: str = "quiet"
    href: str = ""
    is_centre: bool = False

    @property
    def short_title(self) -> str:
        return _cut(self.title, TITLE_LENGTH)

    @property
    def short_text(self) -> str:
        return _cut(self.text, TEXT_LENGTH)

    @property
    def full(self) -> str:
        """All that is known, for the tooltip and for those who hear the page."""
        return ". ".join(part for part in (f"{self.kind} {self.title}".strip(), self.text) if part)


@dataclass(frozen=True)
class Arrow:
    """From one box to another; `text` says why it is there."""

    start: str
    end: str
    text: str = ""
    tone: str = "quiet"


@dataclass(frozen=True)
class Placed:
    """A box with its corner, in units of the drawing."""

    box: Box
    x: int
    y: int

    @property
    def text_x(self) -> int:
        return self.x + 14

    @property
    def kind_y(self) -> int:
        return self.y + 17

    @property
    def title_y(self) -> int:
        return self.y + 34

    @property
    def text_y(self) -> int:
        return self.y + 51


@dataclass(frozen=True)
class Drawn:
    """An arrow with the curve it takes."""

    arrow: Arrow
    path: str


@dataclass(frozen=True)
class Graph(Block):
    """Ranks of boxes from left to right, joined by arrows; scrolls sideways where the page is narrow.

    Arrows whose ends are not both drawn are left out.
    """

    template = "steward/parts/picture.html"
    title: str
    ranks: Sequence[Sequence[Box]]
    arrows: Sequence[Arrow] = ()
    empty: Empty = NOTHING
    text: str = ""

    @cached_property
    def width(self) -> int:
        count = len(self.ranks)
        return 2 * MARGIN + count * BOX_WIDTH + max(0, count - 1) * GAP_ACROSS

    @cached_property
    def height(self) -> int:
        return 2 * MARGIN + _height_of(max((len(rank) for rank in self.ranks), default=0))

    @cached_property
    def placed(self) -> list[Placed]:
        """Every box; each rank is centred on the tallest."""
        found = []
        for number, rank in enumerate(self.ranks):
            top = (self.height - _height_of(len(rank))) // 2
            x = MARGIN + number * (BOX_WIDTH + GAP_ACROSS)
            found += [Placed(box, x, top + place * (BOX_HEIGHT + GAP_DOWN)) for place, box in enumerate(rank)]
        return found

    @cached_property
    def drawn(self) -> list[Drawn]:
        where = {placed.box.key: placed for placed in self.placed}
        known = [arrow for arrow in self.arrows if arrow.start in where and arrow.end in where]
        return [Drawn(arrow, _curve(where[arrow.start], where[arrow.end])) for arrow in known]

    @property
    def box_width(self) -> int:
        return BOX_WIDTH

    @property
    def box_height(self) -> int:
        return BOX_HEIGHT


def ranks_of(after: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Keys by rank: each stands one rank behind the last of those it comes after.

    `after` names, for every key, the keys before it; it has no circle and its keys are in an order that follows it.
    """
    rank: dict[str, int] = {}
    for key, before in after.items():
        rank[key] = 1 + max((rank[each] for each in before if each in rank), default=-1)
    return [[key for key in after if rank[key] == place] for place in range(max(rank.values(), default=-1) + 1)]


def _curve(start: Placed, end: Placed) -> str:
    x1, y1 = start.x + BOX_WIDTH, start.y + BOX_HEIGHT // 2
    x2, y2 = end.x - 5, end.y + BOX_HEIGHT // 2
    bend = max(24, abs(x2 - x1) // 2)
    return f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"


def _height_of(count: int) -> int:
    return count * BOX_HEIGHT + max(0, count - 1) * GAP_DOWN


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
