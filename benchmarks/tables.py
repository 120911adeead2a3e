"""Figures as a table a person can read."""

from collections.abc import Sequence

# What, database, figure, wall ratio, cpu ratio, beside the toolkit.
Line = tuple[str, str, str, str, str, str]
HEAD = ("what", "database", "figure", "ratio", "cpu ratio", "beside stock")


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> None:
    widths = [max(len(str(row[column])) for row in [head, *rows]) for column in range(len(head))]
    print(f"\n{title}\n")
    for row in (head, ["-" * width for width in widths], *rows):
        cells = [str(cell).ljust(width) if at == 0 else str(cell).rjust(width)
                 for at, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
        print("  " + "  ".join(cells).rstrip())
    for note in notes:
        print(f"  {note}")
