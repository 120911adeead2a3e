"""The load: wrk where it is installed, else threads with http.client. Loopback only, always of a fixed length."""

import http.client
import json
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import machine
from benchmarks.servers import Server

SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Shot:
    """One request, sent again and again. `expect` is the only status that counts as good."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    expect: int = 200


@dataclass(frozen=True)
class Result:
    """Of one round: good answers a second, latencies in milliseconds, answers that were not good, and what a good one
    cost the server's processors in milliseconds (steadier than the rate while other work runs on the machine)."""

    rate: float
    p50: float
    p99: float
    bad: int
    cpu: float = 0.0
    #: Cores that other processes used meanwhile.
    foreign: float = 0.0


def generator() -> str:
    """The name of the load generator used here."""
    return "wrk" if shutil.which("wrk") else "http.client"


def fire(shot: Shot, *, connections: int, seconds: float) -> Result:
    """Keep `connections` requests in the air for `seconds`."""
    if urlsplit(shot.url).hostname != "127.0.0.1":
        raise ValueError("The load stays on this machine.")
    return (_wrk if shutil.which("wrk") else _threads)(shot, connections, seconds)


def measure(shot: Shot, server: Server, *, connections: int, seconds: float) -> Result:
    """One round, with what it cost."""
    before = server.cpu_seconds()
    with machine.watching() as foreign:
        result = fire(shot, connections=connections, seconds=seconds)
    cpu = (server.cpu_seconds() - before) * 1000 / max(1.0, result.rate * seconds)
    return replace(result, cpu=cpu, foreign=foreign.cores)


def median(results: list[Result]) -> Result:
    """The median of each figure over the rounds; bad answers are summed up and the worst foreign load is kept."""
    return Result(
        rate=statistics.median(result.rate for result in results),
        p50=statistics.median(result.p50 for result in results),
        p99=statistics.median(result.p99 for result in results),
        bad=sum(result.bad for result in results),
        cpu=statistics.median(result.cpu for result in results),
        foreign=max(result.foreign for result in results),
    )


def _wrk(shot: Shot, connections: int, seconds: float) -> Result:
    threads = min(2, connections)
    command = ["wrk", "-t", str(threads), "-c", str(connections), "-d", f"{max(1, round(seconds))}s", "-s", str(SCRIPT)]
    environment = {
        "SHOT_METHOD": shot.method,
        "SHOT_BODY": shot.body,
        "SHOT_HEADERS": "\n".join(f"{name}: {value}" for name, value in shot.headers.items()),
    }
    done = subprocess.run(
        [*command, shot.url], env=environment | {"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    return Result(figures["rate"], figures["p50"], figures["p99"], figures["bad"])


def _threads(shot: Shot, connections: int, seconds: float) -> Result:
    until, lock = time.monotonic() + seconds, threading.Lock()
    taken: list[float] = []
    bad = 0

    def work() -> None:
        nonlocal bad
        mine, failed = _one_connection(shot, until)
        with lock:
            taken.extend(mine)
            bad += failed

    crowd = [threading.Thread(target=work) for _ in range(connections)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    ordered = sorted(taken) or [0.0]
    return Result(
        rate=len(taken) / seconds,
        p50=ordered[len(ordered) // 2] * 1000,
        p99=ordered[int(len(ordered) * 0.99)] * 1000,
        bad=bad,
    )


def _one_connection(shot: Shot, until: float) -> tuple[list[float], int]:
    parts = urlsplit(shot.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    taken, bad = [], 0
    while time.monotonic() < until:
        start = time.perf_counter()
        try:
            connection.request(shot.method, parts.path, body=shot.body or None, headers=dict(shot.headers))
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            bad += 1
            continue
        if answer.status == shot.expect:
            taken.append(time.perf_counter() - start)
        else:
            bad += 1
    connection.close()
    return taken, bad
