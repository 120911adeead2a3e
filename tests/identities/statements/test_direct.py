"""A statement handed to libpq says the same as one by a cursor, and fails as one."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from identities.statements.direct import Direct, may_pass

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="libpq is PostgreSQL's"),
]
AT, OF = datetime(2026, 11, 23, 2, 0, 0, 123456, tzinfo=UTC), UUID(int=7)


@pytest.fixture(autouse=True)
def _connected() -> None:
    connection.ensure_connection()


def test_each_value_arrives_as_the_cursor_would_have_sent_it() -> None:
    given = ["ünî 'quoted' \\ 100%", AT, OF, 12, None]
    sql = "SELECT %s::text AS a, %s::timestamptz AS b, %s::uuid AS c, %s::int AS d, %s::text AS e"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE told (a text, b timestamptz, c uuid, d int, e text)")
    both = Direct(f"WITH put AS (INSERT INTO told {sql} RETURNING d) SELECT d FROM put")
    assert [both.numbers(given, connection) for _ in range(7)] == [[12]] * 7
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT * FROM told")
        assert cursor.fetchall() == [tuple(given)]
        cursor.execute("DROP TABLE told")


def test_a_percent_sign_of_the_statement_is_one() -> None:
    assert Direct("SELECT %s::int WHERE 'ab' LIKE 'a%%'").numbers([3], connection) == [3]


def test_it_is_prepared_again_on_another_connection() -> None:
    one = Direct("SELECT %s::int")
    assert one.numbers([1], connection) == [1]
    connection.close()
    connection.ensure_connection()
    assert one.numbers([2], connection) == [2]


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT 1 / %s::int", DataError),
        ("SELECT %s::int FROM no_such_table", ProgrammingError),
        ("INSERT INTO audit_auditevent (id) VALUES (%s::int)", IntegrityError),
    ],
)
def test_errors_are_djangos(sql: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        Direct(sql).numbers([0], connection)
    assert Direct("SELECT %s::int").numbers([1], connection) == [1]


def test_text_that_libpq_would_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        Direct("SELECT length(%s::text)").numbers(["a\0b"], connection)


def test_a_connection_that_the_database_dropped_is_an_outage() -> None:
    statement = Direct("SELECT %s::int")
    statement.numbers([1], connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    with pytest.raises(OperationalError):
        statement.numbers([1], connection)
    with pytest.raises(OperationalError):
        statement.numbers([1], connection)
    connection.close()
    connection.ensure_connection()
    assert statement.numbers([1], connection) == [1]


def test_it_stands_back_where_somebody_has_to_see_the_statement() -> None:
    assert may_pass(connection)
    with transaction.atomic():
        assert not may_pass(connection)
    with CaptureQueriesContext(connection):
        assert not may_pass(connection)
    with connection.execute_wrapper(lambda execute, *given: execute(*given)):
        assert not may_pass(connection)
    for never in (None, 1_000_000):  # as docs/operate/sizing.md has it for a pooler
        connection.connection.prepare_threshold = never
        assert not may_pass(connection)
    connection.close()
