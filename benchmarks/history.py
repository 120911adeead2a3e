"""What was measured before: one JSON line for each figure, so that a slower commit is seen.

Two files. `benchmarks/history.jsonl` is committed and grows by one run for each release, measured on a quiet machine
(`--release`). `var/benchmarks/history.jsonl` holds every run made here and is nobody else's business.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine, tables, verdicts
from benchmarks.servers import ROOT
from benchmarks.tables import Line, Member

COMMITTED = ROOT / "benchmarks" / "history.jsonl"
LOCAL = Path(os.environ.get("BENCH_HISTORY", ROOT / "var" / "benchmarks" / "history.jsonl"))
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Entry:
    """One figure of one run. `machine` is the kind of machine; `foreign` the cores that others used at worst."""

    commit: str
    is_dirty: bool
    machine: str
    date: str
    what: str
    database: str
    value: float | None
    ratio: float | None
    cpu_ratio: float | None
    figure: str
    foreign: float = 0.0
    release: str = ""

    def numbers(self) -> dict[Member, float | None]:
        return {"value": self.value, "ratio": self.ratio, "cpu_ratio": self.cpu_ratio}

    @property
    def is_quiet(self) -> bool:
        return self.foreign <= machine.FOREIGN_LIMIT


def entries(lines: Iterable[Line], *, release: str = "") -> list[Entry]:
    """Of a run that ended now, on this machine and this commit."""
    commit, kind, date = machine.commit(), machine.here().kind, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        Entry(
            commit=commit.id,
            is_dirty=commit.is_dirty,
            machine=kind,
            date=date,
            what=line.what,
            database=line.database,
            value=verdicts.number_of(line, "value"),
            ratio=verdicts.number_of(line, "ratio"),
            cpu_ratio=verdicts.number_of(line, "cpu_ratio"),
            figure=line.figure,
            foreign=round(line.foreign, 2),
            release=release,
        )
        for line in lines
    ]


def keep(made: Sequence[Entry], path: Path) -> None:
    """Add to the file; what stands there is never changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as opened:
        opened.writelines(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in made)


def kept(*paths: Path) -> list[Entry]:
    """All that the files hold, oldest first. A line that cannot be read, as a killed run leaves it, is passed over."""
    return sorted({entry for path in paths for entry in _read(path)}, key=lambda entry: entry.date)


def before(line: Line, known: Sequence[Entry], *, kind: str) -> Entry | None:
    """The last run of the same row on the same kind of machine; a quiet one where there is any."""
    same = [
        entry
        for entry in known
        if (entry.what, entry.database, entry.machine) == (line.what, line.database, kind)
    ]  # fmt: skip
    return next((entry for entry in reversed(same) if entry.is_quiet), same[-1] if same else None)


def spark(numbers: Sequence[float]) -> str:
    """A bar for each number, from the smallest to the biggest; all alike are all of middle height."""
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    if high == low:
        return _BARS[len(_BARS) // 2] * len(numbers)
    return "".join(_BARS[round((number - low) / (high - low) * (len(_BARS) - 1))] for number in numbers)


def show(named: str = "") -> None:
    """Print the course of each row whose name holds `named`, on this kind of machine."""
    kind, courses = machine.here().kind, dict[tuple[str, str], list[Entry]]()
    for entry in kept(COMMITTED, LOCAL):
        if entry.machine == kind and named.lower() in entry.what.lower():
            courses.setdefault((entry.what, entry.database), []).append(entry)
    tables.show(
        f"The course of {named or 'every row'} on machines of kind {kind}, oldest first",
        ("what", "database", "runs", "first", "last", "by", "course", "last commit", "last date"),
        [_course(course) for course in courses.values()],
        notes=("the course is drawn by the steadiest number of a row: cpu ratio, else ratio, else the figure",),
    )


def _course(course: Sequence[Entry]) -> tuple[str, ...]:
    last = course[-1]
    said = last.numbers()
    by: Member = next((member for member in verdicts.STEADIEST if said[member] is not None), "value")
    drawn = [number for entry in course if (number := entry.numbers()[by]) is not None]
    first_last = (f"{drawn[0]:g}", f"{drawn[-1]:g}") if drawn else ("-", "-")
    commit = last.commit[:10] + ("+" if last.is_dirty else "")
    by_name = by.replace("_", " ")
    return last.what, last.database, str(len(course)), *first_last, by_name, spark(drawn[-40:]), commit, last.date[:10]


def _read(path: Path) -> Iterator[Entry]:
    known = set(Entry.__dataclass_fields__)
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            found: dict[str, Any] = json.loads(text)
            yield Entry(**{name: value for name, value in found.items() if name in known})
        except (ValueError, TypeError):
            continue
