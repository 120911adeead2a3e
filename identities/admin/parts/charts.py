"""Pieces that show numbers: figures, standing bars and lying bars. Drawn by the server, without a script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from identities.admin.parts.blocks import Block, Empty
from identities.admin.parts.inline import Link


@dataclass(frozen=True)
class Figure(Block):
    """One number that matters, with a word and a way to what it counts."""

    template = "steward/parts/figure.html"
    label: str
    value: object
    href: str = ""
    hint: str = ""
    tone: str = "quiet"
    icon: str = ""


@dataclass(frozen=True)
class Share:
    """A part of a bar: its word, its tone and how many."""

    word: str
    tone: str
    count: int
    href: str = ""
    percent: float = 0.0


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its parts, and how high it stands against the highest (percent)."""

    label: str
    shares: Sequence[Share]
    total: int = 0
    percent: float = 0.0
    href: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Columns(Block):
    """Standing bars side by side: how something went over time."""

    template = "steward/parts/columns.html"
    title: str
    bars: Sequence[Bar]
    legend: Sequence[Share]
    empty: Empty
    text: str = ""
    more: Link | None = None


@dataclass(frozen=True)
class Meters(Block):
    """Lying bars below each other: how something is made up."""

    template = "steward/parts/meters.html"
    title: str
    bars: Sequence[Bar]
    legend: Sequence[Share]
    empty: Empty
    text: str = ""
    more: Link | None = None


def bars(named: Mapping[str, Sequence[Share]]) -> list[Bar]:
    """Bars of these shares, their heights against the highest and their parts against their own."""
    totals = {name: sum(share.count for share in shares) for name, shares in named.items()}
    top = max(totals.values(), default=0) or 1
    return [
        Bar(
            label=name,
            shares=[replace(share, percent=100 * share.count / (totals[name] or 1)) for share in shares if share.count],
            total=totals[name],
            percent=100 * totals[name] / top,
            hint=", ".join(f"{share.count} {share.word}" for share in shares if share.count) or "none",
        )
        for name, shares in named.items()
    ]
