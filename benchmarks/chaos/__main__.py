"""`python -m benchmarks.chaos --broker redis|rabbitmq`: one run on each broker named, and the table of what was found.

Exit status 1 when anything is off. The disasters come from `--seed`, which is printed first.
"""

import argparse
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.chaos import ground, plan
from benchmarks.chaos.installation import CHILDREN
from benchmarks.chaos.running import Chaos
from benchmarks.chaos.stores import Absent
from benchmarks.chaos.verdict import Line, Verdict, table

READY_WITHIN, AHEAD = 180.0, 20.0
NAMES = {"redis": "Redis", "rabbitmq": "RabbitMQ"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--broker", nargs="+", choices=("redis", "rabbitmq"), default=["redis", "rabbitmq"])
    parser.add_argument("--occurrences", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=int, default=7, help="in which the occurrences come due, at most 50")
    parser.add_argument("--seed", type=int, default=0, help="0: one is made up")
    parser.add_argument("--results", type=Path, help="a file that keeps the columns of earlier runs")
    chosen = parser.parse_args()
    seed = chosen.seed or secrets.randbelow(1_000_000) + 1
    print(f"seed {seed}", flush=True)
    columns: dict[str, list[Line]] = _kept(chosen.results)
    are_kept = True
    for broker in chosen.broker:
        try:
            found = run(broker, Size(chosen.occurrences, chosen.kills, min(chosen.minutes, 50)), seed)
        except Absent as absent:
            print(f"{broker} is left out: {absent}")
            continue
        columns[broker], are_kept = found.lines, are_kept and found.is_kept
        for what, faults in found.faults.items():
            print(f"\n{broker}: {what}\n  " + "\n  ".join(faults[:20]))
        if chosen.results:
            plain = {name: [_plain(line) for line in lines] for name, lines in columns.items()}
            chosen.results.write_text(json.dumps(plain))
    print("\n" + table({NAMES[name]: lines for name, lines in columns.items()}))
    return 0 if are_kept else 1


@dataclass(frozen=True, slots=True)
class Size:
    """How much comes due in how many minutes, and how often it is hit. With `is_late` all of it is due already when
    the blows begin, which then fall within `seconds`."""

    occurrences: int
    kills: int
    minutes: int
    crashes: Mapping[str, int] = field(default_factory=lambda: plan.CRASHES)
    children: int = CHILDREN
    is_late: bool = False
    seconds: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    pause: float = 1.0


def run(broker: str, size: Size, seed: int) -> Verdict:
    """Lay the ground, start everything, do the plan, judge."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {text}", flush=True)

    with ground.laid(broker, children=size.children, pause=size.pause, environment=size.environment) as laid:
        laid.installation.start()
        say(f"{broker}: ready after {laid.installation.wait_until_ready(READY_WITHIN):.0f} s")
        now = datetime.now(UTC)
        first = (
            plan.this_minute(now) - timedelta(minutes=size.minutes - 1)
            if size.is_late
            else plan.next_minute(now, AHEAD)
        )
        due = plan.schedules(seed, first, size.minutes, size.occurrences)
        blows = plan.blows(seed, size.kills, size.seconds or size.minutes * 60.0, crashes=size.crashes)
        laid.fill(due, first)
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(blow.kind for blow in blows).items()))
        say(f"{len(due)} schedules, {size.occurrences} occurrences from {first:%H:%M} on; {told}")
        chaos = Chaos(laid, seed, say)
        found = chaos.go(due, first, size.minutes, blows, begin=datetime.now(UTC) if size.is_late else first)
        say("; ".join(f"{kind} {count}" for kind, count in sorted(chaos.done.items())))
        _tell_done(found, chaos.done, size.kills)
        if not found.is_kept:
            print(laid.installation.story())
    return found


def _tell_done(found: Verdict, done: "Counter[str]", kills: int) -> None:
    made = sum(done[kind] for kind in plan.SHARES)
    spread = ", ".join(f"{done[kind]} {kind}" for kind in plan.SHARES)
    found.lines.insert(0, Line("SIGKILLs", str(kills), f"{made} ({spread})", made >= kills * 0.98))
    for kind in plan.CRASHES:
        found.lines.insert(1, Line(f"and: {kind}", "", str(done[kind])))


def _plain(line: Line) -> list[object]:
    return [line.what, line.wanted, line.found, line.is_kept]


def _kept(results: Path | None) -> dict[str, list[Line]]:
    if results is None or not results.exists():
        return {}
    return {name: [Line(*line) for line in lines] for name, lines in json.loads(results.read_text()).items()}


if __name__ == "__main__":
    sys.exit(main())
