"""Figures as a table a person can read."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Member = Literal["value", "ratio", "cpu_ratio"]


class Line(NamedTuple):
    """One figure of the one table.

    `figure`, `ratio` and `cpu_ratio` are what a person reads; each begins with its number ("0.31 of (a)"). A ratio is
    the better the bigger it is. `value` is the number of the figure where its text does not begin with it. A `bound`
    says what the figure is held to: it is met when the number of the member `of` is not worse.
    """

    what: str
    database: str
    figure: str
    ratio: str = ""
    cpu_ratio: str = ""
    beside_stock: str = ""
    wanted: str = ""
    value: float | None = None
    unit: str = ""
    bound: float | None = None
    of: Member = "value"
    #: Of `value` alone.
    smaller_is_better: bool = False
    #: Cores that other processes used at worst while this was measured.
    foreign: float = 0.0


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> None:
    widths = [max(len(str(row[column])) for row in [head, *rows]) for column in range(len(head))]
    print(f"\n{title}\n")
    for row in (head, ["-" * width for width in widths], *rows):
        cells = [str(cell).ljust(width) if at == 0 else str(cell).rjust(width)
                 for at, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
        print("  " + "  ".join(cells).rstrip())
    for note in notes:
        print(f"  {note}")
