"""`python -m benchmarks [PART…]`: run the parts that are named, or all, and end with one table.

`python -m benchmarks history [WHAT]` draws the course of the rows whose name holds WHAT.
"""

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Callable

from benchmarks import (
    comparing,
    flood,
    history,
    load,
    machine,
    other_signature,
    own_api,
    register,
    reviewing,
    rotating,
    servers,
    tables,
    ticking,
    token_endpoint,
    verdicts,
)
from benchmarks.comparing import Plan
from benchmarks.scheduler import claim, fairness, lag, misfire
from benchmarks.tables import Line

# What each part measures: on a kind of database, by a plan, the lines of the one table.
MEASURED: dict[str, Callable[[str, Plan], list[Line]]] = {
    "token": token_endpoint.measure,
    "es256": other_signature.measure,
    "flood": flood.measure,
    "api": own_api.measure,
    "beat": ticking.measure,
    "register": register.measure,
    "lag": lag.measure,
    "claim": claim.measure,
    "fairness": fairness.measure,
    "misfire": misfire.measure,
    "rotation": rotating.measure,
    "reviews": reviewing.measure,
}
#: What a part takes on one kind of database, two idle cores and rounds of three seconds; what is not named, two.
MINUTES = {
    "token": 2.0,
    "es256": 1.0,
    "flood": 1.5,
    "lag": 5.0,
    "claim": 5.0,
    "fairness": 3.0,
    "misfire": 4.0,
    "api": 1.0,
    "beat": 1.3,
    "rotation": 2.5,
    "register": 2.0,
}
#: Parts of more minutes come last, so that the others are not left out for them.
LONG = 2.0
#: Measured on SQLite too in a run of all parts; the others are about what many share, and are named for it.
SQLITE_TOO = ("token", "api")
#: Too long for a run of all parts: measured where it is named.
BY_NAME = {
    "claim": "a million schedules and runs are made first",
    "fairness": "ten thousand due are watched for ninety seconds",
    "misfire": "three hours of a thousand schedules are caught up with",
    "rotation": "a hundred identities are stopped one after the other",
    "reviews": "three times 10,000 items, up to ten minutes a database",
}
HEAD = ("what", "database", "figure", "ratio", "cpu ratio", "beside peers", "wanted", "met", "before", "foreign")


def main() -> int:
    """Status 1 when a part broke, or with `--fail-if-slower` a figure is worse than before; 130 when interrupted."""
    if sys.argv[1:2] == ["history"]:
        history.show(" ".join(sys.argv[2:]))
        return 0
    chosen = _parser().parse_args()
    if chosen.release and machine.commit().is_dirty:
        print("A release is measured of what is committed: commit first.", file=sys.stderr)
        return 1
    # A polite kill ends like Ctrl-C: servers are stopped, databases dropped, what was measured is shown.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    head = machine.facts()
    lines: list[Line] = []
    notes: list[str] = []
    status = 0
    try:
        status = _run(chosen, lines, notes)
    except KeyboardInterrupt:
        notes.append("Interrupted: the rest was not measured.")
        status = 130
    slower = _show(head, lines, notes, release=chosen.release)
    return status or int(bool(slower and chosen.fail_if_slower))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*MEASURED, []], default=[], help="default: all of them")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a round, at most 30")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each server, at most 9")
    parser.add_argument("--connections", type=int, nargs="+", default=list(comparing.CONNECTIONS))
    parser.add_argument("--database", choices=("postgres", "sqlite"), nargs="+", default=["postgres", "sqlite"])
    parser.add_argument(
        "--minutes", type=float, default=17.0, help="in a run of all parts, none is begun that would end later"
    )
    parser.add_argument("--fail-if-slower", action="store_true", help="status 1 if a figure is worse than before")
    parser.add_argument("--release", default="", help="keep the figures in the committed history, under this name")
    return parser


def _run(chosen: argparse.Namespace, lines: list[Line], notes: list[str]) -> int:
    """Fill lines and notes, part by part; 1 when a part broke. The others are measured all the same."""
    plan = Plan(
        min(chosen.seconds, 30.0), min(chosen.rounds, 9), tuple(min(number, 256) for number in chosen.connections)
    )
    kinds = [kind for kind in chosen.database if kind == "sqlite" or servers.has_postgres()]
    if "postgres" in chosen.database and "postgres" not in kinds:
        notes.append(f"PostgreSQL is left out: nothing answers at {servers.POSTGRES} (BENCH_POSTGRES names another).")
    if load.generator() != "wrk":
        notes.append("The load came from threads with http.client, which share the cores: wrk is not installed.")
    if not chosen.parts:
        notes += [
            f"Left out, for it takes long: {part} ({why}); name it to measure it." for part, why in BY_NAME.items()
        ]
    began, until, status = time.monotonic(), time.monotonic() + chosen.minutes * 60, 0
    for part, kind in _turns(chosen.parts, kinds):
        left, needed = (until - time.monotonic()) / 60, 0.0 if chosen.parts else MINUTES.get(part, 2.0)
        if left < needed:
            notes.append(f"Left out for want of time (--minutes {chosen.minutes:g}): {part} on {kind}, {needed:g} min.")
            continue
        try:
            with machine.watching() as foreign:
                found = MEASURED[part](kind, plan)
        except Exception as error:  # noqa: BLE001 - one part's end is not that of the others
            traceback.print_exc()
            notes.append(f"BROKEN: {part} on {kind}: {type(error).__name__}: {str(error)[:200]}")
            status = 1
        else:
            lines += [line if line.foreign else line._replace(foreign=foreign.cores) for line in found]
    notes.append(f"It took {(time.monotonic() - began) / 60:.1f} minutes.")
    return status


def _turns(named: list[str], kinds: list[str]) -> list[tuple[str, str]]:
    """Which part on which kind of database, in turn: what is named on every kind, else the quick ones first."""
    if named:
        return [(part, kind) for part in named for kind in kinds]
    parts = [part for part in MEASURED if part not in BY_NAME]
    found = [(part, kind) for kind in kinds for part in parts if kind == kinds[0] or part in SQLITE_TOO]
    return sorted(found, key=lambda turn: MINUTES.get(turn[0], 2.0) > LONG)


def _show(head: list[tuple[str, str]], lines: list[Line], notes: list[str], *, release: str) -> list[Line]:
    """Print head and table, keep the figures, and answer the lines that are slower than before."""
    for name, said in [*head, ("load after", machine.load())]:
        print(f"{'' if name != head[0][0] else chr(10)}  {name:<12} {said}")
    kind, known = machine.here().kind, history.kept(history.COMMITTED, history.LOCAL)
    earlier = {
        line: verdicts.change(line, entry.numbers())
        for line in lines
        if (entry := history.before(line, known, kind=kind))
    }
    rows = [_row(line, earlier.get(line)) for line in lines]
    notes = [
        "before: beside the last run on this kind of machine, by cpu ratio where there is one, else by what there is;",
        "slower: worse by more than 10 % (where there is only a ratio 33 %, only the clock 50 %);",
        f"foreign: cores that other processes used; * more than {machine.FOREIGN_LIMIT:g}: measure again when quiet",
        *notes,
    ]
    tables.show("In one look", HEAD, rows, notes)
    made = history.entries(lines, release=release)
    history.keep(made, history.COMMITTED if release else history.LOCAL)
    return [line for line, change in earlier.items() if change and change.is_slower]


def _row(line: Line, change: verdicts.Change | None) -> tuple[str, ...]:
    met = {True: "yes", False: "NO", None: ""}[verdicts.is_met(line)]
    foreign = f"{line.foreign:.1f}{'*' if line.foreign > machine.FOREIGN_LIMIT else ''}"
    return (
        line.what,
        line.database,
        line.figure,
        line.ratio,
        line.cpu_ratio,
        line.beside_stock,
        verdicts.wanted(line),
        met,
        str(change) if change else "",
        foreign,
    )


if __name__ == "__main__":
    sys.exit(main())
