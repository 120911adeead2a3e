"""Pieces that fit into a line or a cell. `str()` of one is safe HTML: every text in it is escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.safestring import SafeString

from identities.admin.parts.markup import joined, markup
from identities.admin.wording import since


class Inline:
    """Draws itself with `str()`; the template engine and `markup` take it as safe."""

    def __html__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Badge(Inline):
    """A word with a tone: good, warn, bad, info, accent or quiet. The word alone says it all, the tone only helps."""

    text: str
    tone: str = "quiet"
    hint: str = ""

    def __str__(self) -> SafeString:
        return markup('<span class="sw-badge sw-{}" title="{}">{}</span>', self.tone, self.hint, self.text)


@dataclass(frozen=True)
class Link(Inline):
    """A way to another page; without an address it is only its text."""

    text: object
    href: str = ""

    def __str__(self) -> SafeString:
        if not self.href:
            return markup("{}", self.text)
        return markup('<a class="sw-link" href="{}">{}</a>', self.href, self.text)


@dataclass(frozen=True)
class Code(Inline):
    """An exact text: an id, an address, an expression. `copy` puts a button beside it."""

    text: str
    copy: bool = False

    def __str__(self) -> SafeString:
        code = markup('<code class="sw-code">{}</code>', self.text)
        if not self.copy:
            return code
        return markup(
            '<span class="sw-copyable">{}<button type="button" class="sw-copy" data-copy="{}" '
            'title="Copy" aria-label="Copy"><span class="material-symbols-outlined">content_copy</span>'
            "</button></span>",
            code,
            self.text,
        )


@dataclass(frozen=True)
class Moment(Inline):
    """An instant: how long ago or how soon, with the exact UTC time on hover; `never` stands in for no instant."""

    at: datetime | None
    never: str = "never"
    exact: bool = False

    def __str__(self) -> SafeString:
        if self.at is None:
            return markup('<span class="sw-quiet-text">{}</span>', self.never)
        utc = self.at.astimezone(tz=timezone.get_fixed_timezone(0))
        full = f"{utc:%Y-%m-%d %H:%M:%S} UTC"
        shown = full if self.exact else since(self.at, timezone.now())
        return markup('<time datetime="{}" title="{}">{}</time>', utc.isoformat(), full, shown)


@dataclass(frozen=True)
class Quiet(Inline):
    """A remark that may be overlooked."""

    text: object

    def __str__(self) -> SafeString:
        return markup('<span class="sw-quiet-text">{}</span>', self.text)


@dataclass(frozen=True)
class Lines(Inline):
    """Several pieces in one cell, below each other, or beside each other with `row`."""

    parts: Sequence[object]
    row: bool = False

    def __str__(self) -> SafeString:
        inner = joined("<span>{}</span>", ((part,) for part in self.parts))
        return markup('<span class="{}">{}</span>', "sw-row" if self.row else "sw-lines", inner)
