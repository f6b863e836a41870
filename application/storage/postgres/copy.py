"""A PostgreSQL database as a whole: to be copied, or to become a copy."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from application.ports.copyable import PARTS, Counters, Part, Row
from application.ports.store import StoreUnavailable
from application.storage.postgres.advisory_locks import COPY_LOCK
from application.storage.postgres.connections import Connection, connect, unavailable
from application.storage.postgres.layout import is_unfinished_copy, lay_out, layout_of
from application.storage.shared.copy_statements import Statements, kept
from application.storage.shared.derived_records import PROVEN_FROM

KEPT = kept("notification_id")
SERVED = "SELECT feeder FROM read_models WHERE fed_till > clock_timestamp()"
ASSIGNED = (("orders_events", "notification_id"), ("attempts", "id"))
"""The columns whose values are drawn from a sequence."""

NEXT = (
    "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column}))"
    " FROM {table} HAVING count(*) > 0"
)
NUMBERS = (
    "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END,"  # noqa: S608 - our own name
    " (SELECT value FROM counters WHERE name = 'catalog'),"
    f" coalesce((SELECT value FROM counters WHERE name = '{PROVEN_FROM}'), 0) FROM orders_numbers"
)


class PostgresCopyable:
    """The port `Copyable` (`application/ports/copyable.py`) on a PostgreSQL database."""

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

    def _of(self, partition: Part) -> Statements:
        return Statements(partition, KEPT[partition.name], "%s")

    def served_by(self) -> str | None:
        """A process that serves this database now, if one does."""
        with _named():
            row = self._connection.execute(SERVED.encode()).fetchone()
        return None if row is None else str(row[0])

    def is_unfinished(self) -> bool:
        """Whether this is a copy that was begun and not finished."""
        with _named():
            return is_unfinished_copy(self._connection)

    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not any(self.rows(partition, None, 1) for partition in PARTS)

    def begin(self) -> None:
        """Note that this is going to be a copy, and drop its read models."""
        with self._transaction() as connection:
            connection.execute("INSERT INTO counters VALUES ('copying', 1) ON CONFLICT DO NOTHING")
            dead = connection.execute("DELETE FROM read_models RETURNING name, generation")
            for name, generation in dead.fetchall():
                connection.execute(f"DROP TABLE IF EXISTS {name}_{generation}".encode())

    def count(self, partition: Part) -> int:
        """How many rows a part has."""
        statement = f"SELECT count(*) FROM {KEPT[partition.name].table}"  # noqa: S608 - our own names
        with _named():
            row = self._connection.execute(statement.encode()).fetchone()
        return int(row[0]) if row else 0

    def rows(self, partition: Part, after: Row | None, limit: int) -> Sequence[Row]:
        """At most `limit` rows with keys beyond `after`, by their keys."""
        statement = self._of(partition).rows(beyond=after is not None)
        with _named():
            return self._connection.execute(statement.encode(), (*(after or ()), limit)).fetchall()

    def replace(
        self, partition: Part, after: Row | None, till: Row | None, rows: Sequence[Row]
    ) -> None:
        """Have these rows, and no others, with keys beyond `after` up to `till`."""
        of = self._of(partition)
        delete = of.delete(beyond=after is not None, till=till is not None)
        load = f"COPY {of.kept.table} ({of.columns}) FROM STDIN"
        with self._transaction() as connection:
            connection.execute(delete.encode(), (*(after or ()), *(till or ())))
            with connection.cursor() as cursor, cursor.copy(load.encode()) as copy:
                for row in rows:
                    copy.write_row(row)

    def counters(self) -> Counters:
        """The counters as they are."""
        with _named():
            row = self._connection.execute(NUMBERS.encode()).fetchone()
        if row is None:
            raise LookupError("orders_numbers")
        return Counters(*row)

    def finish(self, counters: Counters) -> None:
        """Set the counters, see that new positions come beyond the last, and open it to all."""
        with self._transaction() as connection:
            for table, column in ASSIGNED:
                connection.execute(NEXT.format(table=table, column=column).encode())
            connection.execute("SELECT setval('orders_numbers', %s)", (counters.number,))
            for name, value in (("catalog", counters.catalog), (PROVEN_FROM, counters.proven_from)):
                connection.execute("UPDATE counters SET value = %s WHERE name = %s", (value, name))
            connection.execute("DELETE FROM counters WHERE name = 'copying'")

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A transaction that changes the copy; others who do so wait."""
        with _named(), self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", COPY_LOCK)
            yield self._connection

    def close(self) -> None:
        """Give back the connection."""
        self._connection.close()


@contextmanager
def _named() -> Iterator[None]:
    """Failures as the port names them."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.DataError) as error:
        raise unavailable(error) from error
