"""A PostgreSQL database as a whole: to be copied, or to become a copy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from application.ports.copyable import Counters
from application.ports.store import Layouts, StoreUnavailable
from application.storage.postgres.advisory_locks import COPY_LOCK
from application.storage.postgres.connections import connect, unavailable
from application.storage.postgres.database import DIALECT, PostgresSession, translated
from application.storage.postgres.layout import LAYOUT, is_unfinished_copy, lay_out, layout_of
from application.storage.shared.copied_tables import CopiedTables
from application.storage.shared.database import Values
from application.storage.shared.derived_records import PROVEN_FROM

SERVED = "SELECT feeder FROM read_models WHERE fed_till > clock_timestamp()"
ASSIGNED = (("orders_events", "notification_id"), ("attempts", "id"), ("webhook_attempts", "id"))
"""The columns whose values come from a sequence."""

NEXT = (
    "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column}))"
    " FROM {table} HAVING count(*) > 0"
)
NUMBERS = (
    "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END,"  # noqa: S608 - our own name
    " (SELECT value FROM counters WHERE name = 'catalog'),"
    f" coalesce((SELECT value FROM counters WHERE name = '{PROVEN_FROM}'), 0) FROM orders_numbers"
)


def layouts_in(url: str) -> Layouts | None:
    """The layout of a database; None for no log. Raises `BadAddress`, `StoreUnavailable`."""
    with connect(url) as connection, _named():
        found = layout_of(connection)
    return None if found is None else Layouts(found, LAYOUT)


class PostgresCopyable(CopiedTables):
    """The port `Copyable` (`application/ports/copyable.py`) on a PostgreSQL database."""

    _dialect = DIALECT

    def __init__(self, url: str, *, make: bool) -> None:
        """Connect. Only with `make` the tables are made if there are none.

        Raises `BadAddress`, `LayoutTooNew`, `StoreUnavailable`.
        """
        self._connection = connect(url)
        try:
            self._prepare(make=make)
        except BaseException:
            self.close()
            raise

    def _prepare(self, *, make: bool) -> None:
        if not make and layout_of(self._connection) is None:
            raise StoreUnavailable("The database has none of our tables.")
        lay_out(self._connection)
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            self._connection.execute("SELECT set_config(%s, '0', false)", (name,))

    def _rows(self, statement: str, values: Values = ()) -> list[Any]:
        with _named():
            return self._connection.execute(translated(statement), values).fetchall()

    def served_by(self) -> str | None:
        rows = self._rows(SERVED)
        return str(rows[0][0]) if rows else None

    def is_unfinished(self) -> bool:
        with _named():
            return is_unfinished_copy(self._connection)

    def begin(self) -> None:
        with self._transaction() as session:
            session.run("INSERT INTO counters VALUES ('copying', 1) ON CONFLICT DO NOTHING")
            dead = session.rows("DELETE FROM read_models RETURNING name, generation")
            for name, generation in dead:
                session.run(f"DROP TABLE IF EXISTS {name}_{generation}")

    def counters(self) -> Counters:
        return Counters(*self._rows(NUMBERS)[0])

    def finish(self, counters: Counters) -> None:
        with self._transaction() as session:
            for table, column in ASSIGNED:
                session.run(NEXT.format(table=table, column=column))
            session.run("SELECT setval('orders_numbers', ?)", (counters.number,))
            for name, value in (("catalog", counters.catalog), (PROVEN_FROM, counters.proven_from)):
                session.run("UPDATE counters SET value = ? WHERE name = ?", (value, name))
            session.run("DELETE FROM counters WHERE name = 'copying'")

    @contextmanager
    def _transaction(self) -> Iterator[PostgresSession]:
        """A transaction that changes the copy; others who do so wait."""
        with _named(), self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", COPY_LOCK)
            yield PostgresSession(self._connection)

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _named() -> Iterator[None]:
    """Failures as the port names them."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.DataError) as error:
        raise unavailable(error) from error
