"""What a migration keeps others from: which tables it locks and for how long, and how long anybody waited for it."""

import threading
import time
from dataclasses import dataclass, field
from typing import Self

import psycopg

from benchmarks.upgrade.releases import MIGRATING

EVERY = 0.02
#: These let nobody write, the first of them nobody read either.
STRONG = ("AccessExclusiveLock", "ExclusiveLock", "ShareRowExclusiveLock", "ShareLock")
HELD = """
    SELECT c.relname || ' ' || l.mode, l.pid FROM pg_locks l
    JOIN pg_stat_activity a ON a.pid = l.pid JOIN pg_class c ON c.oid = l.relation
    WHERE a.application_name = %s AND a.datname = current_database() AND l.granted AND l.mode = ANY(%s)
      AND c.relkind = 'r' AND c.relname = ANY(%s)
"""
WAITING = """
    SELECT w.pid, left(w.query, 60) FROM pg_stat_activity w
    WHERE w.datname = current_database() AND w.wait_event_type = 'Lock' AND w.application_name <> %s
      AND EXISTS (SELECT FROM pg_stat_activity m
                  WHERE m.application_name = %s AND m.pid = ANY(pg_blocking_pids(w.pid)))
"""


@dataclass
class Watch:
    """Looks fifty times a second while it is entered: seconds by what was locked, and by the statement that waited."""

    database: str
    held: dict[str, float] = field(default_factory=dict)
    waited: dict[str, float] = field(default_factory=dict)
    looks: int = 0

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    @property
    def longest_held(self) -> tuple[float, str]:
        return max(((seconds, what) for what, seconds in self.held.items()), default=(0.0, "nothing"))

    @property
    def longest_wait(self) -> tuple[float, str]:
        return max(((seconds, what) for what, seconds in self.waited.items()), default=(0.0, "nobody waited"))

    def _look(self) -> None:
        since: dict[tuple[str, object], float] = {}
        with psycopg.connect(self.database, autocommit=True) as db:
            tables = [name for (name,) in db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
            while not self._over.is_set():
                now = time.monotonic()
                held = {("held", *row): row[0] for row in db.execute(HELD, [MIGRATING, list(STRONG), tables])}
                waits = {("wait", *row): row[1] for row in db.execute(WAITING, [MIGRATING, MIGRATING])}
                since = {key: since.get(key, now) for key in (*held, *waits)}
                for found, kept in ((held, self.held), (waits, self.waited)):
                    for key, what in found.items():
                        kept[what] = max(kept.get(what, 0.0), now - since[key] + EVERY)
                self.looks += 1
                time.sleep(EVERY)
