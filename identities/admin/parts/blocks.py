"""Pieces that fill a width: facts, tables, timelines, notices. `str()` of one is safe HTML."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from identities.admin.parts.inline import Inline, Link


@dataclass(frozen=True)
class Block(Inline):
    """Drawn by `template`, which finds it as `part`."""

    template: ClassVar[str]

    def __str__(self) -> SafeString:
        return render_to_string(self.template, {"part": self})


@dataclass(frozen=True)
class Empty(Block):
    """There is nothing here yet, why that may be, and what to do next."""

    template = "steward/parts/empty.html"
    title: str
    text: str = ""
    action: Link | None = None
    icon: str = "inbox"


@dataclass(frozen=True)
class Fact:
    """One thing that is known, with a name and, where it helps, an explanation."""

    label: str
    value: object = ""
    hint: str = ""
    wide: bool = False

    @property
    def is_known(self) -> bool:
        """Whether there is something to show: none at all is a number too."""
        return bool(self.value) or (isinstance(self.value, int) and not isinstance(self.value, bool))


@dataclass(frozen=True)
class Facts(Block):
    """Things that are known, side by side."""

    template = "steward/parts/facts.html"
    title: str
    facts: Sequence[Fact]
    text: str = ""

    @property
    def shown(self) -> list[Fact]:
        """Those that say something; one that is open but explained keeps its place."""
        return [fact for fact in self.facts if fact.is_known or fact.hint]

    @property
    def unstated(self) -> str:
        """The names of the others in one line: a page of dashes tells nobody anything."""
        return ", ".join(fact.label for fact in self.facts if not (fact.is_known or fact.hint))


@dataclass(frozen=True)
class Table(Block):
    """Rows under headers; without rows its `empty` is shown."""

    template = "steward/parts/table.html"
    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[object]]
    empty: Empty
    text: str = ""
    action: Link | None = None
    more: Link | None = None
    #: A second way to add something, beside `action`.
    also: Link | None = None

    @property
    def labelled(self) -> list[list[tuple[str, object]]]:
        """The rows with each cell's header beside it, for screens too narrow for a table."""
        return [list(zip(self.headers, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Entry:
    """One thing that happened, in a timeline."""

    at: datetime | None
    title: object
    text: object = ""
    tone: str = "quiet"
    icon: str = "circle"
    facts: Sequence[Fact] = field(default_factory=tuple)
    aside: object = ""


@dataclass(frozen=True)
class Timeline(Block):
    """What happened, in order."""

    template = "steward/parts/timeline.html"
    title: str
    entries: Sequence[Entry]
    empty: Empty
    text: str = ""
    more: Link | None = None


@dataclass(frozen=True)
class Notice(Block):
    """Something a person should know before reading on."""

    template = "steward/parts/notice.html"
    title: str
    text: object = ""
    tone: str = "info"
    icon: str = "info"
    action: Link | None = None


@dataclass(frozen=True)
class Source(Block):
    """Text kept exactly: Cedar, JSON."""

    template = "steward/parts/source.html"
    title: str
    text: str
    intro: str = ""


@dataclass(frozen=True)
class Progress(Block):
    """How far something is that takes a while; a script asks `href` for it each second, and loads the page at the end.

    `href` answers `{"state", "read", "applied"}`.
    """

    template = "steward/parts/progress.html"
    title: str
    href: str
    done: int
    of: int
