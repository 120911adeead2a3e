"""`python -m benchmarks.pages`: fill a register of a million, ask for every page of the admin, mark what is over.

The database is made and dropped again; `--keep` leaves it, `--reuse` asks one that was kept. The exit status is 1 when
a page takes more than twelve queries or more than 300 ms (p50). PostgreSQL only.
"""

import argparse
import base64
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.servers import POSTGRES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="identities")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--audit", type=int, default=10_000_000, help="audit events")
    parser.add_argument("--database", default=f"steward_pages_{os.getpid()}", help="its name on BENCH_POSTGRES")
    parser.add_argument("--keep", action="store_true", help="leave the database there")
    parser.add_argument("--reuse", action="store_true", help="ask a database that was kept; it is left there")
    parser.add_argument("--rounds", type=int, default=3, help="how often each page is timed")
    parser.add_argument("--only", default="", help="pages whose name holds this")
    parser.add_argument("--as", dest="roles", nargs="+", default=["platform", "reviewer", "api"],
                        choices=["platform", "reviewer", "api"])  # fmt: skip
    parser.add_argument("--minutes", type=float, default=40.0, help="no page is asked after this")
    parser.add_argument("--each", default="", help="a file for the figures of each single ask")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="steward-pages-") as folder:
        _environment(chosen.database, Path(folder))
        import psycopg

        with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as admin:
            if not chosen.reuse:
                admin.execute(f'CREATE DATABASE "{chosen.database}"')
            try:
                return _ask(chosen)
            finally:
                from django.db import connections

                connections.close_all()
                if not (chosen.keep or chosen.reuse):
                    admin.execute(f'DROP DATABASE IF EXISTS "{chosen.database}" WITH (FORCE)')


def _environment(database: str, folder: Path) -> None:
    os.environ |= {
        "DATABASE_URL": f"{POSTGRES}/{database}", "STEWARD_DATA_DIR": str(folder), "SECRET_KEY": "pages-" + "k" * 60,
        "STEWARD_ENCRYPTION_KEY": base64.urlsafe_b64encode(b"benchmark-encryption-key-32bytes").decode(),
        "PASSPORT_ISSUER": "http://127.0.0.1:8000", "LOG_LEVEL": "ERROR", "LOG_FORMAT": "json",
        "DJANGO_SETTINGS_MODULE": "benchmarks.pages.settings",
    }  # fmt: skip


def _ask(chosen: argparse.Namespace) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.pages import api, roles, telling
    from benchmarks.pages.fill import run
    from benchmarks.pages.seed import Size, make

    if chosen.reuse:
        _mend()
    call_command("migrate", verbosity=0)
    if chosen.reuse:
        # Indexes that were added since it was filled have no statistics yet.
        run("ANALYZE")
        run("RESET statement_timeout")
    else:
        print(f"Filling {chosen.database}", flush=True)
        make(Size(chosen.rows, chosen.runs, chosen.audit))
    until = time.monotonic() + chosen.minutes * 60
    figures = []
    for role in chosen.roles:
        ask = api.measured if role == "api" else roles.measured
        figures += ask(role, only=chosen.only, rounds=chosen.rounds, until=until)
    if chosen.each:
        telling.write(Path(chosen.each), figures)
    return telling.tell(figures, until=until, p50=statistics.median)


def _mend() -> None:
    """A kept database may have been left while an index was built: such a one is made again."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")


if __name__ == "__main__":
    sys.exit(main())
