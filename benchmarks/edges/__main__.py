"""`python -m benchmarks.edges`: too much of everything, and clients that take their time, on each way to run Steward.

Every request must be answered within two seconds by what is no 5xx; a client beside it keeps its answers, and the
processes their memory (+100 MB). gunicorn with nothing before it is measured as well, to say why it needs a proxy.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks import servers, tables
from benchmarks.edges import cases, ordinary, processes, slow, targets, wire
from benchmarks.edges.ordinary import Felt
from benchmarks.edges.targets import Target
from benchmarks.soak import estate
from benchmarks.soak.estate import Client

MB = 1_000_000
ANSWERED_WITHIN, MOST_MEMORY, P95_MS, P95_TIMES = 2.0, 100, 500.0, 3.0
HEAD = ("at", "what", "answers", "beside: errors", "p95 ms (idle)", "memory MB", "verdict")
KINDS = ("headers", "bodies", "uploads", "readers")


@dataclass
class Row:
    what: str
    answers: str
    felt: Felt
    memory: float
    wrong: list[str] = field(default_factory=list)


@contextmanager
def peak(target: Target) -> Iterator[list[float]]:
    """How far above its beginning the memory of all processes went, in MB; one figure, written at the end."""
    before, highest, over, found = processes.total(target.roles.values()).pss, 0, threading.Event(), [0.0]

    def watch() -> None:
        nonlocal highest
        while not over.wait(0.5):
            highest = max(highest, processes.total(target.roles.values()).pss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
        found[0] = max(0.0, (highest - before) / MB)


class Measured:
    """One installation, its ordinary client, and what happens to both."""

    def __init__(self, target: Target, seconds: float) -> None:
        self.target, self.seconds = target, seconds
        self.client = Client(target.base)
        self.bot = estate.made(self.client, 1).bots[0]
        self.warm()
        with ordinary.Beside(self.client, self.bot) as felt:
            time.sleep(min(10.0, seconds))
        self.idle = felt.p95

    def warm(self) -> None:
        """The document that slow readers read is made once a process, and another asks again meanwhile."""
        until, quick = time.monotonic() + 120, 0
        while quick < 8 and time.monotonic() < until:
            began = time.monotonic()
            with suppress(URLError, OSError):
                urlopen(f"{self.target.base}/api/schema", timeout=100).close()
                quick += time.monotonic() - began < 1
            time.sleep(0.2)

    def rows(self) -> Iterator[Row]:
        yield self.with_client_beside("too much of everything", self.everything)
        for kind in KINDS:
            what = f"{slow.CONNECTIONS} slow {kind}"
            yield self.with_client_beside(what, partial(self.slowly, kind))

    def with_client_beside(self, what: str, work) -> Row:  # type: ignore[no-untyped-def]
        self.client.sign_in()
        with peak(self.target) as grown, ordinary.Beside(self.client, self.bot) as felt:
            answers, wrong = work()
        row = Row(what, answers, felt, grown[0], wrong)
        if felt.errors:
            row.wrong.append(f"beside: {felt.errors[0]}")
        if felt.p95 > max(P95_MS, P95_TIMES * self.idle):
            row.wrong.append("the client beside waits")
        if row.memory > MOST_MEMORY:
            row.wrong.append("memory")
        return row

    def everything(self) -> tuple[str, list[str]]:
        """Every case, signed in where the route wants it, so that it is the body that is refused."""
        statuses: Counter[str] = Counter()
        wrong: list[str] = []
        bearer = {"Authorization": f"Bearer {self.client.bearer}"}
        cookies = "; ".join(f"{one.name}={one.value}" for one in self.client.jar)
        for case in cases.every():
            more = {"Cookie": cookies} if case.path.startswith("/admin/") else bearer
            head = wire.head(case.method, case.path, {**more, **case.headers}, self.target.base)
            found = wire.sent(self.target.base, [head, *case.body()] if case.method == "GET" else _parts(head, case))
            statuses[str(found.status or "closed")] += 1
            if found.status >= 500 or not found.status or found.seconds > ANSWERED_WITHIN:
                wrong.append(f"{case.name}: {found.status or 'closed'} after {found.seconds:.1f} s")
        return " ".join(f"{number}x{status}" for status, number in sorted(statuses.items())), wrong

    def slowly(self, kind: str) -> tuple[str, list[str]]:
        crowd = slow.attack(kind, self.target.base, self.seconds)
        return f"{crowd.let_go} let go, {crowd.open} still waited for", []


def _parts(head: bytes, case: cases.Case) -> Iterator[bytes]:
    yield head
    yield from case.body()


def ways(chosen: list[str]) -> Iterator[tuple[str, AbstractContextManager[Target], bool]]:
    """Name, installation, and whether the docs tell people to run it so."""
    folder = Path(tempfile.mkdtemp(prefix="steward-edges-"))
    for name in chosen:
        (place := folder / name).mkdir()
        if name == "embedded":
            yield name, targets.embedded(place), True
        elif not servers.has_postgres():
            print(f"{name} is left out: nothing answers at {servers.POSTGRES}.")
        elif name == "nginx" and not targets.has_nginx():
            print("nginx is left out: it is not installed.")
        else:
            yield name, targets.production(place, behind=name == "nginx"), name == "nginx"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edges", description=__doc__)
    parser.add_argument(
        "--at", nargs="+", choices=("embedded", "nginx", "gunicorn"), default=["embedded", "nginx", "gunicorn"]
    )
    parser.add_argument("--seconds", type=float, default=25.0, help="of each slow crowd, at most 120")
    chosen = parser.parse_args()
    shown, is_fine, notes = [], True, []
    for name, installation, is_advised in ways(chosen.at):
        with installation as target:
            measured = Measured(target, min(chosen.seconds, 120.0))
            for row in measured.rows():
                verdict = "fits" if not row.wrong else ("DOES NOT FIT" if is_advised else "needs a proxy")
                is_fine &= not row.wrong or not is_advised
                p95 = f"{row.felt.p95:.0f} ({measured.idle:.0f})"
                beside = f"{len(row.felt.errors)} of {len(row.felt.errors) + len(row.felt.seconds)}"
                shown.append((name, row.what, row.answers, beside, p95, f"+{row.memory:.0f}", verdict))
                print(" | ".join(shown[-1]), flush=True)
                notes += [f"{name}, {row.what}: {wrong}" for wrong in row.wrong[:12]]
    tables.show("At the edges", HEAD, shown, notes)
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
