"""A grown estate in SQL: one row of a table, many times over. They fill tables and indexes."""

import os
import time
from collections.abc import Mapping

import psycopg
from psycopg import sql

#: In one statement: a million in one would keep the sealer and the clock from their work for too long.
AT_ONCE = 100_000


def grow(database: str, *, identities: int, events: int, runs: int) -> float:
    """Add so many rows to the tables of a seeded database, and let it count them; answers the seconds."""
    began = time.monotonic()
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("SET synchronous_commit = off")
        number = "lpad(n::text, 12, '0')"
        own = {"id": "gen_random_uuid()", "client_id": f"'mi_grown' || {number}", "name": "'grown-' || n"}
        _copy(db, "identities_managedidentity", "created_at", own, identities)
        moment = "t.recorded_at - n * interval '1 second'"
        _copy(db, "audit_auditevent", "id", {"uuid": "gen_random_uuid()", "recorded_at": moment}, events, left_out="id")
        _seal(db)
        own = {"id": "gen_random_uuid()", "scheduled_for": "t.scheduled_for - n * interval '1 minute'"}
        _copy(db, "scheduling_schedulerun", "created_at", own, runs)
        db.execute("ANALYZE")
    return time.monotonic() - began


def size(database: str) -> int:
    """The bytes that the database takes on disk."""
    with psycopg.connect(database) as db:
        return int(db.execute("SELECT pg_database_size(current_database())").fetchone()[0])  # type: ignore[index]


def _copy(  # noqa: PLR0917 - a statement's parts
    db: "psycopg.Connection[tuple[object, ...]]",
    table: str,
    oldest_by: str,
    own: Mapping[str, str],
    count: int,
    left_out: str = "",
) -> None:
    named = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
    columns = [str(name) for (name,) in db.execute(named, [table]) if name != left_out]
    taken = sql.SQL(", ").join(sql.SQL(own[name]) if name in own else sql.Identifier("t", name) for name in columns)
    copied = sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {taken} FROM (SELECT * FROM {table} ORDER BY {oldest} LIMIT 1) t, "
        "generate_series({first}::int, {last}::int) n"
    )
    for first in range(1, count + 1, AT_ONCE):
        db.execute(
            copied.format(
                table=sql.Identifier(table),
                columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
                taken=taken,
                oldest=sql.Identifier(oldest_by),
                first=sql.Literal(first),
                last=sql.Literal(min(first + AT_ONCE - 1, count)),
            )
        )


def _seal(db: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Numbers for the copies, so that the sealer does not look at a million strangers every two seconds."""
    db.execute(
        "INSERT INTO audit_auditseal (event_id, seq, mac) SELECT e.id, h.seq + row_number() OVER (ORDER BY e.id), "
        "md5(e.id::text) || md5(e.uuid::text) FROM audit_auditevent e LEFT JOIN audit_auditseal s ON s.event_id = e.id "
        "CROSS JOIN (SELECT coalesce(max(seq), 0) AS seq FROM audit_auditseal) h WHERE s.event_id IS NULL"
    )
    db.execute(
        "INSERT INTO audit_sealhead (id, seq, mac, swept_id) SELECT 1, s.seq, s.mac, s.event_id FROM audit_auditseal s "
        "ORDER BY seq DESC LIMIT 1 ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, mac = excluded.mac, "
        "swept_id = excluded.swept_id"
    )


if __name__ == "__main__":
    grow(os.environ["DATABASE_URL"], identities=1000, events=1000, runs=1000)
