"""Servers side by side: each round takes every one in turn, so that what drifts on the machine falls on all alike."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks import load
from benchmarks.load import Result, Shot
from benchmarks.servers import Server

CONNECTIONS = (1, 8, 32)
HEAD = ("server", "connections", "req/s", "ratio", "cpu ms/req", "cpu ratio", "p50 ms", "p99 ms", "bad")
NOTES = ("ratio: req/s beside the first row; cpu: the server's processes and its PostgreSQL sessions, ratio inverted",)


@dataclass(frozen=True)
class Plan:
    """How long and how often."""

    seconds: float = 4.0
    rounds: int = 3
    connections: tuple[int, ...] = CONNECTIONS


@dataclass(frozen=True)
class Target:
    """A server and the request that is sent to it."""

    server: Server
    shot: Shot


def rows(targets: Mapping[str, Target], plan: Plan, *, beside: str) -> list[tuple[str, ...]]:
    """A row for each server and number of connections; ratios are beside the server of that name."""
    for target in targets.values():
        load.fire(target.shot, connections=4, seconds=1)
    return [row for connections in plan.connections for row in _rows(targets, connections, plan, beside)]


def _rows(targets: Mapping[str, Target], connections: int, plan: Plan, beside: str) -> list[tuple[str, ...]]:
    rounds: dict[str, list[Result]] = {name: [] for name in targets}
    for _ in range(plan.rounds):
        for name, target in targets.items():
            taken = load.measure(target.shot, target.server, connections=connections, seconds=plan.seconds)
            rounds[name].append(taken)
    medians = {name: load.median(results) for name, results in rounds.items()}
    return [_row(name, connections, result, medians[beside]) for name, result in medians.items()]


def _row(name: str, connections: int, result: Result, first: Result) -> tuple[str, ...]:
    return (
        name,
        str(connections),
        f"{result.rate:.0f}" if result.rate >= 10 else f"{result.rate:.2f}",
        _ratio(result.rate, first.rate),
        f"{result.cpu:.2f}",
        _ratio(first.cpu, result.cpu),
        f"{result.p50:.1f}",
        f"{result.p99:.1f}",
        str(result.bad),
    )


def _ratio(part: float, whole: float) -> str:
    return f"{part / whole:.3f}" if whole else "-"
