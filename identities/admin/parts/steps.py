"""Steps: how far something has come, each step with its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

from identities.admin.parts.blocks import Block
from identities.admin.parts.inline import Link


@dataclass(frozen=True)
class Step:
    """One step, never told by colour alone.

    `is_done`: it has its evidence; `is_now`: it is waited for; `is_skipped`: it never will be.
    """

    label: str
    evidence: object = ""
    is_done: bool = False
    is_now: bool = False
    tone: str = ""
    is_skipped: bool = False

    @property
    def word(self) -> str:
        """What a reader who sees no colour is told."""
        if self.is_skipped:
            return "skipped"
        return "done" if self.is_done else "waited for" if self.is_now else "to come"

    @property
    def shade(self) -> str:
        return self.tone or ("good" if self.is_done else "accent" if self.is_now else "quiet")

    @property
    def icon(self) -> str:
        if self.is_skipped:
            return "redo"
        return "check_circle" if self.is_done else "hourglass_top" if self.is_now else "radio_button_unchecked"


@dataclass(frozen=True)
class Steps(Block):
    """Steps from the first to the last, beside each other where there is room."""

    template = "steward/parts/steps.html"
    title: str
    steps: Sequence[Step]
    text: str = ""
    action: Link | None = None
