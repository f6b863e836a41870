"""The read models in the same database, a table for each generation.

They can be thrown away and made again from the log. Rows and position change in one statement.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import errors

from application.storage.postgres_connections import Connection, Readers
from application.storage.postgres_keys import LAYOUT_LOCK
from application.store import ModelState, Page, Row, Table

TYPES = {int: "bigint", str: "text"}
COLLATIONS = {int: "", str: 'COLLATE "C"'}
OPERATORS = frozenset({"=", "<", "<=", ">", ">="})
SCAN_ROWS = 1000
ADD = "INSERT INTO read_models (name, generation, position, live)"
MOVE = (
    "UPDATE read_models SET position = %s, stopped = NULL"
    " WHERE name = %s AND generation = %s AND position = %s RETURNING 1"
)
MOVED = "EXISTS (SELECT FROM moved)"
STATE = (
    "SELECT name, generation, position, stopped,"
    " CASE WHEN fed_till > clock_timestamp() THEN feeder END"
    " FROM read_models WHERE name = %s AND "
)
LEASE = (
    "UPDATE read_models"
    " SET feeder = %(feeder)s, fed_till = clock_timestamp() + make_interval(secs => %(seconds)s)"
    " WHERE name = %(name)s AND live AND (feeder IS NULL OR feeder = %(feeder)s OR fed_till NOT"
    " BETWEEN clock_timestamp() AND clock_timestamp() + make_interval(secs => %(seconds)s))"
    " RETURNING 1"
)
"""The time is the server's, so that the machines' clocks need not agree. A lease that ends later
than one can is of a clock that was wrong."""

RELEASE = (
    "UPDATE read_models SET feeder = NULL, fed_till = NULL"
    " WHERE name = %s AND live AND feeder = %s RETURNING 1"
)
SWAP = (
    "UPDATE read_models m SET live = NOT m.live, feeder = old.feeder, fed_till = old.fed_till"
    " FROM read_models old WHERE old.name = m.name AND old.live"
    " AND m.name = %s AND (m.live OR m.generation = %s)"
)

COLUMNS = (
    "SELECT attname FROM pg_attribute JOIN read_models ON live AND name = %s"
    " AND attrelid = to_regclass(name || '_' || generation)"
    " WHERE attnum > 0 AND NOT attisdropped ORDER BY attnum"
)


class PostgresReadModels:
    """The port for read models (`application/store.py`) on PostgreSQL."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._tables: dict[str, Table] = {}

    def ensure(self, table: Table) -> None:
        """Make the table of a read model if there is none, or none with these columns.

        Whoever else may be doing so.
        """
        self._tables[table.name] = table
        rows = self._readers.rows
        if self._fits(rows(STATE + "live", (table.name,)), rows(COLUMNS, (table.name,)), table):
            return
        with self._laying_out() as connection:
            live = connection.execute(STATE.encode() + b"live", (table.name,)).fetchall()
            columns = connection.execute(COLUMNS.encode(), (table.name,)).fetchall()
            if self._fits(live, columns, table):
                return
            connection.execute("UPDATE read_models SET live = false WHERE name = %s", (table.name,))
            self._drop_dead(connection, table.name)
            generation = live[0][1] + 1 if live else 1
            self._create(connection, table, generation=generation)
            connection.execute(f"{ADD} VALUES (%s, %s, 0, true)".encode(), (table.name, generation))

    def _fits(self, live: Sequence[Any], columns: Sequence[Any], table: Table) -> bool:
        """Whether there is a live table with the key, the columns and the document of `table`."""
        return bool(live) and [name for (name,) in columns][1:-1] == list(table.columns)

    @contextmanager
    def _laying_out(self) -> Iterator[Connection]:
        """A transaction that makes and drops tables, one at a time over all processes."""
        with self._readers.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", LAYOUT_LOCK)
            yield connection

    def _create(self, connection: Connection, table: Table, *, generation: int) -> None:
        name = _table_name(table.name, generation)
        columns = "".join(
            f"{column} {TYPES[kind]} {COLLATIONS[kind]}, " for column, kind in table.columns.items()
        )
        _run(
            connection,
            f'CREATE TABLE {name} (key text COLLATE "C" PRIMARY KEY,'
            f" {columns}document bytea NOT NULL)",
        )
        for index in table.indexes:
            columns = ", ".join(index)
            _run(
                connection,
                f"CREATE INDEX {name}_{'_'.join(index)} ON {name} ({columns}, key)",
            )

    def state(self, name: str) -> ModelState:
        """How far the live generation of a read model has got."""
        return ModelState(*self._readers.rows(STATE + "live", (name,))[0])

    def reload(self, state: ModelState) -> ModelState:
        """How far this generation has got, live or not."""
        rows = self._readers.rows(STATE + "generation = %s", (state.name, state.generation))
        return ModelState(*rows[0])

    def lease(self, name: str, feeder: str, seconds: float) -> bool:
        """Leave a read model to `feeder` for a while, unless it is another one's."""
        values = {"name": name, "feeder": feeder, "seconds": seconds}
        return bool(self._readers.rows(LEASE, values))

    def release(self, name: str, feeder: str) -> None:
        """Let others have a read model at once."""
        self._readers.rows(RELEASE, (name, feeder))

    def commit(
        self, state: ModelState, rows: Sequence[Row], position: int, gone: Sequence[str] = ()
    ) -> bool:
        """Write rows and position together, if nobody has moved on from `state`."""
        values: list[Any] = [position, state.name, state.generation, state.position]
        parts = [f"moved AS ({MOVE})"]
        if rows:
            parts.append(f"put AS ({self._put(state)})")
            unique = {row.key: (row.key, *row.columns, row.document) for row in rows}
            values += map(list, zip(*unique.values(), strict=True))
        if gone:
            table = _table_name(state.name, state.generation)
            parts.append(f"gone AS (DELETE FROM {table} WHERE key = ANY(%s) AND {MOVED})")  # noqa: S608 - our own names
            values.append(list(gone))
        statement = f"WITH {', '.join(parts)} SELECT count(*) FROM moved"  # noqa: S608 - our own words
        try:
            return bool(self._readers.rows(statement, values)[0][0])
        except errors.UndefinedTable:
            return False

    def _put(self, state: ModelState) -> str:
        """The statement that adds or replaces rows, or adds up, where the position has moved."""
        shape = self._tables[state.name]
        table = _table_name(state.name, state.generation)
        names = ["key", *shape.columns, "document"]
        arrays = ["%s::text[]", *(f"%s::{TYPES[kind]}[]" for kind in shape.columns.values())]
        news = ", ".join(
            f"{name} = {f'{table}.{name} + ' if name in shape.sums else ''}excluded.{name}"
            for name in names[1:]
        )
        return (
            f"INSERT INTO {table} ({', '.join(names)})"  # noqa: S608 - our own names
            f" SELECT w.* FROM unnest({', '.join(arrays)}, %s::bytea[]) AS w"
            f" WHERE {MOVED} ON CONFLICT (key) DO UPDATE SET {news}"
        )

    def stop(self, state: ModelState, reason: str) -> None:
        """Note why a read model stands still."""
        with self._readers.transaction() as connection:
            connection.execute(
                "UPDATE read_models SET stopped = %s WHERE name = %s AND generation = %s",
                (reason, state.name, state.generation),
            )

    def page(self, name: str, page: Page) -> list[Row]:
        """The wanted rows of the live generation."""
        terms, values = _conditions(page)
        terms += self._there(name)
        direction = "DESC" if page.descending else "ASC"
        while True:
            table = _table_name(name, self.state(name).generation)
            try:
                rows = self._readers.rows(
                    f"SELECT * FROM {table} {_where(terms)}"  # noqa: S608 - our own names, values are bound
                    f" ORDER BY {page.sort} {direction}, key {direction} LIMIT %s",
                    (*values, page.limit),
                )
            except errors.UndefinedTable:
                continue  # swapped this moment: there is another live generation now
            return [_row(row) for row in rows]

    def scan(self, state: ModelState) -> Iterator[Row]:
        """All rows of a generation by key, as they were when the scan began."""
        table = _table_name(state.name, state.generation)
        where = _where(self._there(state.name))
        with (
            self._readers.transaction() as connection,
            connection.cursor(name="scan") as cursor,
        ):
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = '5min'")
            cursor.itersize = SCAN_ROWS
            cursor.execute(f"SELECT * FROM {table} {where} ORDER BY key".encode())  # noqa: S608 - our own names
            yield from map(_row, cursor)

    def _there(self, name: str) -> list[str]:
        """The condition that a row is not all noughts, where rows add up."""
        checks = [f"{column} <> 0" for column in self._tables[name].sums]
        return [f"({' OR '.join(checks)})"] if checks else []

    def begin_rebuild(self, table: Table) -> ModelState:
        """Make an empty generation beside the live one; drop what an earlier attempt left."""
        self._tables[table.name] = table
        with self._laying_out() as connection:
            self._drop_dead(connection, table.name)
            row = connection.execute(STATE.encode() + b"live", (table.name,)).fetchone()
            live = ModelState(*row)  # type: ignore[misc] # ensured at the start
            generation = live.generation + 1
            self._create(connection, table, generation=generation)
            connection.execute(
                f"{ADD} VALUES (%s, %s, 0, false)".encode(), (table.name, generation)
            )
        return ModelState(table.name, generation, 0)

    def swap(self, state: ModelState) -> None:
        """Make a generation the live one, and drop the one it replaces."""
        with self._laying_out() as connection:
            connection.execute(SWAP.encode(), (state.name, state.generation))
            self._drop_dead(connection, state.name)

    def _drop_dead(self, connection: Connection, name: str) -> None:
        dead = connection.execute(
            "DELETE FROM read_models WHERE name = %s AND NOT live RETURNING generation", (name,)
        )
        for (generation,) in dead.fetchall():
            _run(connection, f"DROP TABLE {_table_name(name, generation)}")


def _run(connection: Connection, statement: str) -> None:
    """Carry out a statement made of our own names."""
    connection.execute(statement.encode())


def _table_name(name: str, generation: int) -> str:
    return f"{name}_{generation}"


def _row(row: tuple[Any, ...]) -> Row:
    return Row(row[0], row[1:-1], row[-1])


def _where(terms: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(terms)}" if terms else ""


def _conditions(page: Page) -> tuple[list[str], list[Any]]:
    """The page's conditions as SQL with the values to bind."""
    terms: list[str] = []
    values: list[Any] = []
    for term in page.where:
        alternatives = []
        for together in term:
            checks = []
            for column, operator, value in together:
                if operator not in OPERATORS:
                    raise ValueError(operator)
                checks.append(f"{column} {operator} %s")
                values.append(value)
            alternatives.append(f"({' AND '.join(checks)})")
        terms.append(f"({' OR '.join(alternatives)})")
    if page.after is not None:
        beyond = "<" if page.descending else ">"
        terms.append(f"({page.sort}, key) {beyond} (%s, %s)")
        values.extend(page.after)
    return terms, values
