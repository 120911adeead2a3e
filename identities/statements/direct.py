"""A prepared statement handed straight to libpq: for the one statement that every token waits for.

The driver's cursor looks at each value for the way it likes to be sent, keeps count of what it prepared and waits in
steps of its own: as much work again as the rest of a token's statement. Here the values go as text, which the casts
in the statement read, and libpq waits for the answer while other threads work.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID
from weakref import WeakSet

from django.db.backends.base.base import BaseDatabaseWrapper

_NUMBERS = count(1)
#: Whoever sets the driver's own threshold this high has a pooler in between that cannot keep statements.
NEVER = 1_000
_SAYING: dict[type, Callable[[Any], str]] = {
    UUID: lambda value: str(value.hex),
    datetime: lambda value: str(value.isoformat()),
}


def may_pass(using: BaseDatabaseWrapper) -> bool:
    """Whether nobody has to see the statement on its way: no transaction, no query log, no wrapper, no pooler."""
    return (
        using.vendor == "postgresql"
        and not using.in_atomic_block
        and not using.queries_logged
        and not using.execute_wrappers
        and using.connection is not None
        and using.connection.autocommit
        and (using.connection.prepare_threshold is not None and using.connection.prepare_threshold < NEVER)
    )


class Direct:
    """One statement with `%s` at the place of each value, every one of them cast; prepared once a connection."""

    def __init__(self, sql: str) -> None:
        first, *rest = sql.split("%s")
        parts = [f"${number}{part}" for number, part in enumerate(rest, 1)]
        self._sql = "".join([first, *parts]).replace("%%", "%").encode()
        self._name = f"steward_{next(_NUMBERS)}".encode()
        self._prepared: WeakSet[Any] = WeakSet()

    def numbers(self, values: Sequence[object], using: BaseDatabaseWrapper) -> list[int]:
        """The one column of whole numbers that the statement answers. Where `may_pass`; fails as a cursor would."""
        said = [_said(value) for value in values]
        with using.wrap_database_errors:
            driver = using.connection
            if driver not in self._prepared:
                _checked(driver, driver.pgconn.prepare(self._name, self._sql))
                self._prepared.add(driver)
            result = _checked(driver, driver.pgconn.exec_prepared(self._name, said))
            return [int(result.get_value(row, 0)) for row in range(result.ntuples)]


def _said(value: object) -> bytes | None:
    if value is None:
        return None
    text = _SAYING.get(type(value), str)(value)
    if "\0" in text:
        # libpq would take what stands before it for the whole.
        raise ValueError("PostgreSQL text holds no NUL.")
    return text.encode()


def _checked(driver: Any, result: Any) -> Any:
    from psycopg import OperationalError, errors, pq

    if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        return result
    if driver.pgconn.status == pq.ConnStatus.BAD:
        raise OperationalError("the connection is lost")
    raise errors.error_from_result(result)
