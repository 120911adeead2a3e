"""Servers side by side: each round takes every one in turn, so that what drifts on the machine falls on all alike."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks import load, machine
from benchmarks.load import Result, Shot
from benchmarks.servers import Server

CONNECTIONS = (1, 8, 32)
SLOW_SECONDS = 8.0
HEAD = ("server", "connections", "req/s", "ratio", "cpu ms/req", "cpu ratio", "p50 ms", "p99 ms", "bad", "foreign")
NOTES = (
    "ratio: req/s beside the first row; cpu: the server's processes and its PostgreSQL sessions, ratio inverted;",
    f"foreign: cores that others used at worst; a round with more than {machine.FOREIGN_LIMIT:g} is repeated once;",
    "the calmer of the two is kept, and marked * where it is above that all the same",
)


@dataclass(frozen=True)
class Plan:
    """How long and how often."""

    seconds: float = 3.0
    rounds: int = 3
    connections: tuple[int, ...] = CONNECTIONS


@dataclass(frozen=True)
class Target:
    """A server and the request that is sent to it.

    One that `is_slow` has its turn after the others, in one long round, and is waited for: what it still works on when
    the round is over would fall on the next.
    """

    server: Server
    shot: Shot
    is_slow: bool = False


Medians = Mapping[int, Mapping[str, Result]]


def medians(targets: Mapping[str, Target], plan: Plan) -> Medians:
    """For each number of connections, what each server did."""
    for target in targets.values():
        load.fire(target.shot, connections=1 if target.is_slow else 4, seconds=1)
    return {connections: _medians(targets, connections, plan) for connections in plan.connections}


def rows(found: Medians, *, beside: str) -> list[tuple[str, ...]]:
    """A row for each server and number of connections; ratios are beside the server of that name."""
    return [
        _row(name, connections, result, results[beside])
        for connections, results in found.items()
        for name, result in results.items()
    ]


def _medians(targets: Mapping[str, Target], connections: int, plan: Plan) -> Mapping[str, Result]:
    rounds: dict[str, list[Result]] = {name: [] for name in targets}
    for _ in range(plan.rounds):
        for name, target in targets.items():
            if not target.is_slow:
                rounds[name].append(_round(target, connections, plan.seconds))
    for name, target in targets.items():
        if target.is_slow:
            rounds[name].append(_round(target, connections, max(plan.seconds, SLOW_SECONDS)))
            target.server.settle()
    return {name: load.median(results) for name, results in rounds.items()}


def _round(target: Target, connections: int, seconds: float) -> Result:
    """One round. It is repeated because others used the machine, never because of what it found."""
    taken = load.measure(target.shot, target.server, connections=connections, seconds=seconds)
    if taken.foreign <= machine.FOREIGN_LIMIT or target.is_slow:
        return taken
    again = load.measure(target.shot, target.server, connections=connections, seconds=seconds)
    return min(taken, again, key=lambda result: result.foreign)


def _row(name: str, connections: int, result: Result, first: Result) -> tuple[str, ...]:
    return (
        name,
        str(connections),
        f"{result.rate:.0f}" if result.rate >= 10 else f"{result.rate:.2f}",
        ratio(result.rate, first.rate),
        f"{result.cpu:.2f}",
        ratio(first.cpu, result.cpu),
        f"{result.p50:.1f}",
        f"{result.p99:.1f}",
        str(result.bad),
        f"{result.foreign:.2f}{'*' if result.foreign > machine.FOREIGN_LIMIT else ''}",
    )


def ratio(part: float, whole: float) -> str:
    return f"{part / whole:.3f}" if whole else "-"
