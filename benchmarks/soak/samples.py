"""Samples of memory over time, and what they say: start, end, peak and the slope of the second half."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.edges import processes

MB = 1_000_000


@dataclass(frozen=True)
class Sample:
    """At `seconds` since the start, after `runs` runs, one part of the installation: its largest process, in MB."""

    part: str
    seconds: float
    runs: int
    rss: float
    pss: float
    uss: float


@dataclass(frozen=True)
class Verdict:
    """What one part did. `per_thousand` is the growth of RSS in MB for each 1,000 runs in the second half."""

    part: str
    start: float
    end: float
    peak: float
    pss: float
    uss: float
    per_thousand: float


def taken(roles: Mapping[str, int], seconds: float, runs: int) -> list[Sample]:
    """One sample of each part. Of gunicorn and Celery: of their largest worker."""
    found = []
    for part, root in roles.items():
        if part == "nginx":
            continue
        pids = processes.tree(root)
        held = max((processes.of(pid) for pid in pids[1:] or pids), key=lambda one: one.rss)
        found.append(Sample(part, seconds, runs, held.rss / MB, held.pss / MB, held.uss / MB))
    return found


def verdicts(samples: Sequence[Sample]) -> list[Verdict]:
    return [
        _verdict(part, [one for one in samples if one.part == part]) for part in dict.fromkeys(s.part for s in samples)
    ]


def _verdict(part: str, samples: Sequence[Sample]) -> Verdict:
    half = samples[len(samples) // 2 :]
    slope = _slope([float(one.runs) for one in half], [one.rss for one in half])
    last = samples[-1]
    return Verdict(part, samples[0].rss, last.rss, max(one.rss for one in samples), last.pss, last.uss, slope * 1000)


def _slope(across: Sequence[float], up: Sequence[float]) -> float:
    """Least squares; nothing where there is nothing to fit."""
    middle, height = sum(across) / len(across), sum(up) / len(up)
    spread = sum((x - middle) ** 2 for x in across)
    if not spread:
        return 0.0
    return sum((x - middle) * (y - height) for x, y in zip(across, up, strict=True)) / spread


def keep(samples: Sequence[Sample], path: Path) -> None:
    with path.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["part", "seconds", "runs", "rss_mb", "pss_mb", "uss_mb"])
        for one in samples:
            writer.writerow(
                [one.part, round(one.seconds), one.runs, *(f"{value:.1f}" for value in (one.rss, one.pss, one.uss))]
            )


def read(path: Path) -> list[Sample]:
    with path.open(encoding="ascii") as file:
        rows = list(csv.reader(file))[1:]
    return [Sample(row[0], float(row[1]), int(row[2]), *(float(cell) for cell in row[3:6])) for row in rows]
