"""Rotation and revocation as a client sees them: errors across rotations, rotations a minute, time to revoke.

Everything goes over HTTP to gunicorn with two workers, so that a revocation is timed at processes that did not do it.
"""

import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import servers, tables
from benchmarks.comparing import Plan
from benchmarks.portal_client import Portal
from benchmarks.tables import Line

CLIENTS, REVOKED = 4, 100
LONGEST_SECONDS = 60.0
#: A refusal counts when so many in a row have come, whichever worker answered.
IN_A_ROW = 8
#: No static files are gathered for it.
QUIET = {"PYTHONWARNINGS": "ignore"}


def measure(kind: str, plan: Plan) -> list[Line]:
    """One table for one kind of database, and its lines for the last one."""
    with portal(kind) as opened:
        rotations, answers, seconds = _rotate(opened, until=min(LONGEST_SECONDS, plan.seconds * 4))
        revoked = sorted(_revoke(opened) for _ in range(REVOKED))
    p99 = revoked[int(len(revoked) * 0.99) - 1]
    rows = [
        ("token requests across rotations", f"{answers.total()}", _errors(answers)),
        ("rotations", f"{rotations}", f"{60 * rotations / seconds:.0f} a minute"),
        ("time to revoke", f"p50 {1000 * statistics.median(revoked):.0f} ms", f"p99 {1000 * p99:.0f} ms"),
    ]
    title = (
        f"Rotation and revocation on {kind}: gunicorn gthread {servers.WORKERS}x{servers.THREADS}, {CLIENTS} clients"
    )
    tables.show(title, ("what", "figure", ""), rows)
    return [Line(what, kind, figure, said) for what, figure, said in rows]


@contextmanager
def portal(kind: str) -> Iterator[Portal]:
    """A portal with its first administrator, who is signed in."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steward-bench-")))
        database = stack.enter_context(servers.scratch_database(kind, folder, "rotating"))
        port = servers.free_port()
        env = servers.environment(database, folder, port, STEWARD_ADMIN_PASSWORD="Only-4-the-bench!", **QUIET)
        servers.run("manage", "migrate", "--verbosity", "0", env=env)
        servers.run("manage", "first_admin", env=env)
        server = stack.enter_context(
            servers.serving("config.wsgi:application", port, env=env, probe="/passport/jwks.json")
        )
        yield Portal.signed_in(server.base, "admin@steward.localhost", "Only-4-the-bench!")


def _rotate(opened: Portal, *, until: float) -> tuple[int, Counter[int], float]:
    """Rotate one identity again and again while clients fetch tokens with whatever secret they were given last."""
    bot = opened.make_identity("bench-rotating")
    current, stop = [bot.secret], threading.Event()
    counts: Counter[int] = Counter()
    rounds, lock = [0] * CLIENTS, threading.Lock()

    def fetch(place: int) -> None:
        while not stop.is_set():
            rounds[place] += 1
            status = opened.token(bot.client_id, current[0]).status
            with lock:
                counts[status] += 1

    clients = [threading.Thread(target=fetch, args=(place,), daemon=True) for place in range(CLIENTS)]
    for client in clients:
        client.start()
    rotations, began, credential = 0, time.monotonic(), bot.credential_id
    while time.monotonic() - began < until:
        credential, current[0], old = opened.rotate(credential)
        _come_round(rounds, clients)
        opened.revoke(old)
        rotations += 1
    seconds = time.monotonic() - began
    stop.set()
    for client in clients:
        client.join()
    return rotations, counts, seconds


def _come_round(rounds: list[int], clients: list[threading.Thread]) -> None:
    """Wait until each client has begun anew: nothing is in the air with the old secret then, as at a real cutover."""
    seen, ends = list(rounds), time.monotonic() + LONGEST_SECONDS
    while any(now <= was for now, was in zip(rounds, seen, strict=True)):
        if time.monotonic() > ends or not all(client.is_alive() for client in clients):
            raise RuntimeError("A client does not come round any more.")
        time.sleep(0.001)


def _errors(answers: Counter[int]) -> str:
    """How many were not answered with a token, and with what."""
    others = ", ".join(f"{number} of status {status}" for status, number in sorted(answers.items()) if status != 200)
    return f"{answers.total() - answers[200]} errors" + (f": {others}" if others else "")


def _revoke(opened: Portal) -> float:
    """Seconds from the call of a quarantine until no worker mints a token or honours the one that was minted.

    The call itself is in it: that long at most, for nobody asks while it lasts.
    """
    bot = opened.make_identity(f"bench-{time.monotonic_ns()}")
    token = opened.token(bot.client_id, bot.secret).body["access_token"]
    began = time.monotonic()
    opened.quarantine(bot.identity_id)
    refused, out_since = 0, time.monotonic()
    while refused < IN_A_ROW:
        asked = time.monotonic()
        is_out = opened.token(bot.client_id, bot.secret).status == 401 and opened.is_refused(token)
        refused = refused + 1 if is_out else 0
        out_since = asked if refused == 1 else out_since
        if asked - began > LONGEST_SECONDS:
            raise RuntimeError("A quarantined identity is still let in.")
    return out_since - began
