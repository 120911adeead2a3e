"""What a connection to the database is told beyond its address."""

import sqlite3

from config import databases

POSTGRES = {"ENGINE": "django.db.backends.postgresql", "NAME": "steward"}


def test_what_the_address_says_of_postgresql_wins_and_the_rest_stays():
    options = databases.connection({**POSTGRES, "OPTIONS": {"sslmode": "verify-full", "connect_timeout": 1}})["OPTIONS"]
    assert (options["sslmode"], options["connect_timeout"]) == ("verify-full", 1)
    assert options["keepalives_idle"] == databases.POSTGRES["keepalives_idle"]


def test_a_server_is_asked_whether_it_lives_and_a_file_for_its_lock_at_the_start():
    assert databases.connection(POSTGRES)["CONN_HEALTH_CHECKS"]
    file = databases.connection({"ENGINE": "django.db.backends.sqlite3", "NAME": "steward.db"})
    assert file["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "foreign_keys=ON" in file["OPTIONS"]["init_command"]


def test_a_connection_to_a_file_keeps_few_pages_and_statements(tmp_path):
    # There are twenty and more of them in the one process: by default each keeps 2 MB of pages and 128 statements.
    options = databases.connection({"ENGINE": "django.db.backends.sqlite3", "NAME": "steward.db"})["OPTIONS"]
    assert options["cached_statements"] <= 32
    live = sqlite3.connect(tmp_path / "steward.db", cached_statements=options["cached_statements"])
    live.executescript(options["init_command"])
    assert live.execute("PRAGMA cache_size").fetchone() == (-256,)
    live.close()


def test_no_transaction_begins_by_itself_with_a_request():
    assert not databases.connection(POSTGRES)["ATOMIC_REQUESTS"]
