"""`python -m benchmarks.upgrade`: the old release and the new one together on one database, under load (promise 20).

The old release serves, the new one's migrations run beneath it, then both serve side by side, then the new one alone.
Needs PostgreSQL and Redis on loopback, and the repository's history.
"""

import argparse
import base64
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks import servers, tables
from benchmarks.upgrade import releases, rows
from benchmarks.upgrade.locks import Watch
from benchmarks.upgrade.releases import MIGRATING, Release
from benchmarks.upgrade.traffic import PASSWORD, Answers, Clients, Login

SCHEDULES = 20
ALONE = 20
BROKER = os.environ.get("BENCH_REDIS_UPGRADE", "redis://127.0.0.1:6379/14")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.upgrade", description=__doc__)
    parser.add_argument("--from", dest="revision", help="the old release (default: before the last migration)")
    parser.add_argument("--to", default="HEAD", help="the new release (default: the last commit)")
    parser.add_argument("--minutes", type=float, default=5.0, help="both together, at most 30 (default 5)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="audit records and runs, each (default 1,000,000)")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped, what was made is removed
    revision = chosen.revision or releases.before_the_last_migration()
    seconds = min(chosen.minutes, 30.0) * 60
    with (
        tempfile.TemporaryDirectory(prefix="steward-upgrade-") as name,
        servers.scratch_database("postgres", Path(name), "upgrade") as database,
    ):
        sys.exit(0 if rehearse((revision, chosen.to), Path(name), database, seconds, chosen.rows) else 1)


def rehearse(revisions: tuple[str, str], folder: Path, database: str, seconds: float, count: int) -> bool:
    environment = _environment(folder, database)
    old, new = (
        Release(name, releases.unpack(revision, folder / name), environment, folder)
        for name, revision in zip(("old", "new"), revisions, strict=True)
    )
    environment["PASSPORT_ISSUER"] = old.base
    old.run("manage.py", "migrate", "--verbosity", "0")
    for release in (old, new):
        release.run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    estate = json.loads(old.run(str(Path(__file__).with_name("estate.py")), str(SCHEDULES)))
    took = rows.grow(database, identities=min(count, 20_000), events=count, runs=count)
    print(f"Seeded {count} audit records and {count} runs in {took:.0f} s.", flush=True)
    with psycopg.connect(database, autocommit=True) as db:
        # What came due while the rows were made would be missed, and is none of the upgrade's.
        db.execute(
            "UPDATE scheduling_schedule SET next_run_at = date_trunc('minute', now()) + interval '1 minute' "
            "WHERE name LIKE 'minutely-%'"
        )
    answers, clients = Answers(), []
    try:
        old.start()
        login = Login(old.base, estate["admin"])
        clients.append(Clients("old", old.base, answers, estate, login))
        clients[0].start()
        time.sleep(min(ALONE, seconds))
        migrated, watch = _migrate(new, database)
        new.start()
        clients.append(Clients("new", new.base, answers, estate, login))
        clients[1].start()
        time.sleep(seconds)
        clients[0].stop()
        old.stop()
        time.sleep(min(ALONE, seconds))
        clients[1].stop()
        new.processes["beat"].terminate()
        runs = _runs(database)
    finally:
        for client in clients:
            client.stop()
        for release in (old, new):
            release.stop()
    names = " → ".join(releases.name_of(revision) for revision in revisions)
    return _tell(f"{names}, {seconds / 60:g} minutes together", answers, migrated, watch, runs, count)


def _environment(folder: Path, database: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": BROKER,
        "SECRET_KEY": "upgrade-" + "0123456789abcdef" * 4,
        "STEWARD_ENCRYPTION_KEY": base64.urlsafe_b64encode(b"benchmark-encryption-key-32bytes").decode(),
        "STEWARD_ADMIN_EMAIL": "upgrade@steward.localhost",
        "STEWARD_ADMIN_PASSWORD": PASSWORD,
        "STEWARD_OUTBOUND_PRIVATE_ALLOW": "127.0.0.0/8",
        "AUTH_ACCESS_TOKEN_TTL": "7200",
        "LOG_LEVEL": "WARNING",
    }


def _migrate(new: Release, database: str) -> tuple[float, Watch]:
    began = time.monotonic()
    with Watch(database) as watch:
        new.run("manage.py", "migrate", "--verbosity", "0", PGAPPNAME=MIGRATING)
    return time.monotonic() - began, watch


def _runs(database: str) -> dict[str, int]:
    """Once nothing is open any more: what there is, what a minute lacks, what did not succeed."""
    until = time.monotonic() + 90
    with psycopg.connect(database, autocommit=True) as db:
        opened = "SELECT count(*) FROM scheduling_schedulerun WHERE state IN ('due', 'claimed', 'running')"
        while time.monotonic() < until and db.execute(opened).fetchone() != (0,):
            time.sleep(1)
        found = db.execute(
            "SELECT count(*), count(*) FILTER (WHERE r.state <> 'succeeded'), "
            "count(*) - count(DISTINCT (r.schedule_id, r.scheduled_for)), "
            "coalesce(extract(epoch FROM max(r.scheduled_for) - min(r.scheduled_for)) / 60 + 1, 0) * "
            "count(DISTINCT r.schedule_id) - count(DISTINCT (r.schedule_id, r.scheduled_for)) "
            "FROM scheduling_schedulerun r JOIN scheduling_schedule s ON s.id = r.schedule_id "
            "WHERE s.name LIKE 'minutely-%'"
        ).fetchone()
    made, failed, doubled, lost = (int(number) for number in found or (0, 0, 0, 0))
    return {"made": made, "did not succeed": failed, "doubled": doubled, "lost": lost}


def _tell(  # noqa: PLR0917 - what is told
    shown: str, answers: Answers, migrated: float, watch: Watch, runs: dict[str, int], count: int
) -> bool:
    kinds = sorted({(release, what) for release, what, _ in answers.counted})
    classes = ((200, 399), (400, 499), (500, 599), (0, 0))
    table = [
        (release, what, *(str(_sum(answers, release, what, low, high)) for low, high in classes))
        for release, what in kinds
    ]
    tables.show(f"Upgrade {shown}", ("release", "what", "2xx/3xx", "4xx", "5xx", "none"), table)
    held, waited = watch.longest_held, watch.longest_wait
    faults = sum(answers.of(release, lambda status: status == 0 or status >= 500) for release in ("old", "new"))
    lines = [
        ("migration, s", f"{migrated:.1f}", f"{count} audit records and runs", ""),
        ("longest lock that lets nobody write, s", f"{held[0]:.2f}", held[1], "≤ 1"),
        ("longest wait for the migration, s", f"{waited[0]:.2f}", waited[1], "≤ 1"),
        ("answers 5xx or none", str(faults), "", "0"),
        *((f"runs {what}", str(number), "", "0" if what != "made" else "") for what, number in runs.items()),
    ]
    tables.show("", ("what", "figure", "of", "wanted"), lines)
    for fault in answers.faults:
        print(f"  {fault}")
    is_fine = not faults and max(held[0], waited[0]) <= 1 and runs["made"] > 0
    return is_fine and not any(number for what, number in runs.items() if what != "made")


def _sum(answers: Answers, release: str, what: str, low: int, high: int) -> int:
    return sum(
        times
        for (name, asked, status), times in answers.counted.items()
        if (name, asked) == (release, what) and low <= status <= high
    )


if __name__ == "__main__":
    main()
