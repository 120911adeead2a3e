"""`python -m benchmarks.profile_api`: where each tenth of a millisecond of a request with a bearer goes.

One warm process asks its own WSGI application for one identity, without a network; another does the same of the view
that asks nobody who they are. Processor time of the thread, each moment counted to the innermost name only, and of
PostgreSQL's session; the batch that was disturbed least.
"""

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks import in_process, servers, tables
from benchmarks.stopwatch import BATCH, Clock, quietest

#: From the outside in; what a commit does not have is left out.
PIECES: dict[str, tuple[str, ...]] = {
    "the view, its middleware, Django and DRF": ("config.wsgi:application",),
    "reading the header": ("identities.api.authentication:Bearer.authenticate",),
    "the text: signature, times, issuer": (
        "identities.tokens.bearers:read",
        "identities.tokens.verification:verify_access_token",
        "identities.tokens.verification:read_access_token",
    ),
    "who asks, as a value": ("identities.tokens.bearers:machine", "identities.api.authentication:_machine"),
    "may they": ("identities.api.permissions:ByDuty.has_permission",),
    "the decision, held for the batch": ("identities.policies.decisions:record_api_decision",),
    "decisions written, 500 together": ("identities.policies.decision_log:flush",),
    "marks of use": ("identities.inventory.usage:note_use",),
}
WITHIN = "the read: token, identity, roles"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile_api", description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000, help="at most 20,000")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    chosen = parser.parse_args()
    # A polite kill ends like Ctrl-C: the database is dropped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if chosen.database == "postgres" and not servers.has_postgres():
        print(f"Nothing answers at {servers.POSTGRES}: SQLite instead.")
        chosen.database = "sqlite"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steward-profile-")))
        database = stack.enter_context(servers.scratch_database(chosen.database, folder, "profile_api"))
        env = servers.environment(database, folder, 8000)
        bot = json.loads(servers.run("benchmarks.seed", env=env))
        told = {**bot, "requests": min(max(chosen.requests, BATCH), 20_000)}
        given = env | {"PROFILE": json.dumps(told), "BENCH_IDENTITY": bot["identity_id"]}
        found = _in_a_process("inside", given)
        alone = _in_a_process("alone", given)
    whole, session = found.pop("whole"), found.pop("session")
    rows = [(name, f"{spent:.3f}") for name, spent in found.items()]
    rows += [
        ("Python together, not looked at", f"{whole:.3f}"),
        ("PostgreSQL's session", f"{session:.3f}"),
        ("the view alone: Python", f"{alone['whole']:.3f}"),
        ("the view alone: PostgreSQL", f"{alone['session']:.3f}"),
        ("what a bearer adds", f"{whole + session - alone['whole'] - alone['session']:.3f}"),
        ("ratio of processor time", f"{(alone['whole'] + alone['session']) / (whole + session):.3f}"),
    ]
    tables.show(f"GET of one identity with a bearer on {chosen.database}, processor time", ("for", "ms"), rows)


def _in_a_process(which: str, env: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, "-c", f"from benchmarks import profile_api; profile_api.{which}()"]
    done = subprocess.run(command, cwd=servers.ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def inside() -> None:
    """In the process that is looked at: the whole first, then its pieces."""
    told, application = json.loads(os.environ["PROFILE"]), _application("config.wsgi")
    token = _token(application, told)
    path = f"/api/identities/{told['identity_id']}"
    whole, session = _measured(application, path, token)
    clock = Clock()
    timed = clock.around(next(iter(PIECES)), application)
    for name, functions in list(PIECES.items())[1:]:
        for function in functions:
            clock.put_around(name, function)
    _around_reads_of_bearers(clock)
    found = clock.quietest(lambda: _get(timed, path, token), int(told["requests"]))
    sys.stdout.write(json.dumps({**found, "whole": whole, "session": session}) + "\n")


def alone() -> None:
    """The same view, which asks nobody who they are."""
    told, application = json.loads(os.environ["PROFILE"]), _application("benchmarks.peers.open_api")
    whole, session = _measured(application, f"/api/identities/{told['identity_id']}", "")
    sys.stdout.write(json.dumps({"whole": whole, "session": session}) + "\n")


def _application(module: str) -> Callable[..., Any]:
    found: Callable[..., Any] = importlib.import_module(module).application
    from django.conf import settings

    # What a thread would write in between is written by the request that fills the batch: one thread to look at.
    settings.BACKGROUND_WRITERS = False
    return found


def _measured(application: Callable[..., Any], path: str, token: str) -> tuple[float, float]:
    for _ in range(BATCH):
        _get(application, path, token)
    return quietest(lambda: _get(application, path, token), int(json.loads(os.environ["PROFILE"])["requests"]))


def _around_reads_of_bearers(clock: Clock) -> None:
    """The reads of this path alone; the view has others."""
    for place in ("identities.tokens.bearers:_MACHINE.rows", "identities.access.selectors:_HELD.rows"):
        clock.put_around(WITHIN, place)


def _token(application: Callable[..., Any], told: dict[str, str]) -> str:
    form = {"grant_type": "client_credentials", "client_id": told["client_id"], "client_secret": told["secret"]}
    answer = _ask(application, "POST", "/passport/token", urlencode(form).encode(), CONTENT_TYPE=FORM)
    return str(json.loads(answer)["access_token"])


FORM = "application/x-www-form-urlencoded"


def _get(application: Callable[..., Any], path: str, token: str) -> None:
    _ask(application, "GET", path, b"", **({"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}))


def _ask(application: Callable[..., Any], method: str, path: str, body: bytes = b"", **more: str) -> bytes:
    return in_process.answered(application, in_process.surroundings(method, path, body, **more), body)


if __name__ == "__main__":
    main()
