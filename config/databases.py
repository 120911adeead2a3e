"""How the connection to the database behaves, beyond the address that `DATABASE_URL` gives."""

from typing import Any

# Little is kept for each of twenty threads' connections: a quarter of a megabyte of pages, for the system caches the
# file once for all, and the last statements, of which each takes 10 to 40 KB and 30 µs to be made again.
SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-256;"
SQLITE_STATEMENTS = 24
SQLITE = {
    # Asked for the write lock later than at its start, a transaction may fail: "database is locked".
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": SQLITE_PRAGMAS,
    "cached_statements": SQLITE_STATEMENTS,
}
POSTGRES = {
    "prepare_threshold": 5,
    # Who asks how we are (/metrics, /readyz) hears that the database is away, and does not wait for it.
    "connect_timeout": 5,
    # A server that falls silent (its host lost, a network cut) is noticed in 25 s, not in the two hours of the system.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def connection(found: dict[str, Any]) -> dict[str, Any]:
    """The entry of DATABASES for an address that was read; what the address itself says of PostgreSQL stays."""
    lasting = {**found, "ATOMIC_REQUESTS": False, "CONN_MAX_AGE": 600}
    if found["ENGINE"] == "django.db.backends.sqlite3":
        return {**lasting, "OPTIONS": dict(SQLITE)}
    return {**lasting, "CONN_HEALTH_CHECKS": True, "OPTIONS": POSTGRES | found.get("OPTIONS", {})}
