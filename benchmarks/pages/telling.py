"""What is printed: a line for each page, of all its asks, and each ask that is over its limit."""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import tables
from benchmarks.pages.measuring import MOST_MS, MOST_QUERIES, NOT_SHOWN, Figures

HEAD = ("page", "as", "asks", "queries", "p50 ms", "slowest ask ms", "python ms", "postgres ms", "slowest ask", "over")
Found = Sequence[tuple[str, Figures]]


def tell(found: Found, *, until: float, p50: Callable[[Sequence[float]], float]) -> int:
    """Print the table; 1 if anything is over."""
    groups: dict[tuple[str, str], list[Figures]] = defaultdict(list)
    for role, one in found:
        if one.status not in NOT_SHOWN:
            groups[one.ask.page, role].append(one)
    rows = []
    for (page, role), ones in sorted(groups.items()):
        worst = max(ones, key=lambda one: one.ms)
        many = sum(bool(one.over) for one in ones)
        rows.append((
            page, role, str(len(ones)), str(max(one.queries for one in ones)), f"{p50([one.ms for one in ones]):.0f}",
            f"{worst.ms:.0f}", f"{p50([one.python for one in ones]):.0f}",
            f"{p50([one.postgres for one in ones]):.0f}", worst.ask.what, f"! {many}" if many else "",
        ))  # fmt: skip
    asked = [one for ones in groups.values() for one in ones]
    over = [one for one in asked if one.over]
    hidden = len(found) - len(asked)
    notes = (
        f"{len(asked)} asks, {len(over)} over {MOST_QUERIES} queries or {MOST_MS:.0f} ms; {hidden} not shown to them",
        f"p50 ms: the middle of a page's asks, each the middle of its turns; load {os.getloadavg()[0]:.1f}",
    )
    tables.show("Every page", HEAD, rows, notes=notes)
    for one in over:
        print(f"  ! {one.ask.page} {one.ask.what}: {one.over}\n      {one.slowest[:240]}")
    return 1 if over else 0


def write(path: Path, found: Found) -> None:
    """One line for each ask, to compare by."""
    lines = [
        "\t".join((
            role, one.ask.page, one.ask.what, one.ask.address, str(one.status), str(one.queries), f"{one.ms:.1f}",
            f"{one.python:.1f}", f"{one.postgres:.1f}", one.slowest.replace("\t", " ").replace("\n", " "),
        ))
        for role, one in found
    ]  # fmt: skip
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
