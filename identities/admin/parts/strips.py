"""A strip of coloured cells, one a time something happened; and a place on the page that keeps itself up to date."""

from collections.abc import Sequence
from dataclasses import dataclass

from identities.admin.parts.blocks import Block, Empty
from identities.admin.parts.charts import Share


@dataclass(frozen=True)
class Cell:
    """One time: its tone, what happened in words (never colour alone), and the page that tells it."""

    tone: str
    text: str
    href: str = ""


@dataclass(frozen=True)
class Strip(Block):
    """Cells from the oldest to the newest, with words for both ends."""

    template = "steward/parts/strip.html"
    title: str
    cells: Sequence[Cell]
    legend: Sequence[Share]
    empty: Empty
    first: str = ""
    last: str = ""


@dataclass(frozen=True)
class Live(Block):
    """Blocks that the page asks for again every five seconds, at `href`; without a script they stay as they are."""

    template = "steward/parts/live.html"
    href: str
    blocks: Sequence[Block]
