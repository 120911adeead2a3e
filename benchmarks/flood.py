"""Twenty bad token requests a second for a minute, and one good client that asks once a second all the while."""

import http.client
import itertools
import json
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import load, servers, tables
from benchmarks.comparing import Plan
from benchmarks.load import Shot
from benchmarks.tables import Line
from benchmarks.token_endpoint import FORM, OURS, basic, steward

SECONDS, BAD_A_SECOND = 60, 20
BODY = "grant_type=client_credentials"


@dataclass
class Tally:
    """What a client met: how many answers of each status (0: none came), and how long each took, in milliseconds."""

    statuses: Counter[int] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)

    def p95(self) -> float:
        return statistics.quantiles(self.took, n=20)[-1] if len(self.took) > 1 else sum(self.took)


def measure(kind: str, plan: Plan) -> list[Line]:
    """One run of a minute; how many good answers a core gives is measured beside it, undisturbed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steward-bench-")))
        database = stack.enter_context(servers.scratch_database(kind, folder, "flood"))
        target, client_id = steward(stack, database, folder, LOG_LEVEL="ERROR")
        load.fire(target.shot, connections=4, seconds=1)
        alone = load.measure(target.shot, target.server, connections=8, seconds=plan.seconds)
        good, bad = _flood(target.shot, client_id)
    a_core = 1000 / alone.cpu if alone.cpu else 0.0
    tables.show(
        f"{BAD_A_SECOND} bad token requests a second for {SECONDS} s on {kind}, a good client once a second",
        ("who", "asked", "statuses", "p50 ms", "p95 ms"),
        [_row("good", good), _row("bad", bad)],
    )
    served, failed = good.statuses[200], sum(number for status, number in bad.statuses.items() if status >= 500)
    return [
        Line("flood, a good client served", kind, f"{served} of {SECONDS}", value=served, bound=SECONDS),
        Line("flood, p95 of the good client", kind, f"{good.p95():.0f} ms", value=good.p95(), unit="ms", bound=500,
             smaller_is_better=True),
        Line("flood, 5xx", kind, str(failed), value=failed, bound=0, smaller_is_better=True),
        Line(f"{OURS}, tokens a second of one core", kind, f"{a_core:.0f} req/s", value=a_core, bound=100),
    ]  # fmt: skip


def _flood(shot: Shot, client_id: str) -> tuple[Tally, Tally]:
    good, bad = Tally(), Tally()
    wrong = itertools.cycle(_bad(client_id))
    ours = [(dict(shot.headers), shot.body)]
    threads = [threading.Thread(target=_ask, args=(shot.url, itertools.cycle(ours), 1, good))]
    # Each of so many asks once a second, so that one slow answer keeps no other back.
    threads += [
        threading.Thread(target=_ask, args=(shot.url, wrong, 1, bad, number / BAD_A_SECOND))
        for number in range(BAD_A_SECOND)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return good, bad


def _bad(client_id: str) -> list[tuple[dict[str, str], str]]:
    form = {"Content-Type": FORM}
    return [
        (form | {"Authorization": basic("mi_nobody", "s" * 60)}, BODY),
        (form | {"Authorization": basic(client_id, "nhi_prod_" + "s" * 50)}, BODY),
        (form | {"Authorization": "Basic !!!"}, BODY),
        (form | {"Authorization": basic(client_id, "x" * 2_000)}, BODY),
        ({"Content-Type": "application/json"}, json.dumps({"grant_type": "client_credentials"})),
        (form, "grant_type=password&username=a&password=b"),
        (form, "a=1&a=2&" + "b" * 5_000),
    ]


def _ask(url: str, asks: Iterator[tuple[Mapping[str, str], str]], each: float, tally: Tally, later: float = 0) -> None:
    began = time.monotonic() + later
    for turn in range(int(SECONDS / each)):
        time.sleep(max(0.0, began + turn * each - time.monotonic()))
        headers, body = next(asks)
        started = time.perf_counter()
        tally.statuses[_status(url, headers, body)] += 1
        tally.took.append((time.perf_counter() - started) * 1000)


def _status(url: str, headers: Mapping[str, str], body: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    try:
        connection.request("POST", parts.path, body=body, headers=dict(headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _row(who: str, tally: Tally) -> tuple[str, ...]:
    statuses = ", ".join(f"{status}: {number}" for status, number in sorted(tally.statuses.items()))
    median = statistics.median(tally.took) if tally.took else 0.0
    return who, str(sum(tally.statuses.values())), statuses, f"{median:.1f}", f"{tally.p95():.1f}"
