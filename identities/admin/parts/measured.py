"""Pieces for the programme's numbers: one number with its way, its trend and its gap; a checklist that ticks itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from identities.admin.parts.blocks import Block
from identities.admin.parts.inline import Link
from identities.admin.parts.series import Spark


@dataclass(frozen=True)
class Trend:
    """Which way it went: an arrow with words, so that the colour only helps."""

    arrow: str
    text: str
    tone: str


@dataclass(frozen=True)
class Measured(Block):
    """One number: `value` links to its rows, `gap` to those that miss; `help` says what it means."""

    template = "steward/parts/measured.html"
    label: str
    value: str
    href: str = ""
    hint: str = ""
    gap: Link | None = None
    trend: Trend | None = None
    spark: Spark | None = None
    help: str = ""
    tone: str = "quiet"
    parts: Sequence[tuple[str, object]] = ()


@dataclass(frozen=True)
class Progress:
    """One line of a checklist. `percent` None is not known."""

    label: str
    percent: float | None
    is_done: bool
    href: str = ""
    gap: Link | None = None
    help: str = ""

    @property
    def said(self) -> str:
        return "not known" if self.percent is None else f"{self.percent:g} %"

    @property
    def tone(self) -> str:
        if self.percent is None:
            return "quiet"
        return "good" if self.is_done else "accent"


@dataclass(frozen=True)
class Checklist(Block):
    """Steps in their order, with how far each is."""

    template = "steward/parts/checklist.html"
    title: str
    steps: Sequence[Progress]
    text: str = ""
