"""The read models of the embedded store, in a file of their own beside the log.

The file can be deleted: it is filled again from the log. It is therefore not synced at every
commit, and filling it never makes a sale wait for the one writer of the log.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from application.clock import now, to_ms
from application.storage.sqlite_connections import Connections, unavailable
from application.storage.sqlite_layout import VIEWS, lay_out
from application.store import ModelState, Page, Row, Table

TYPES = {int: "INTEGER", str: "TEXT"}
OPERATORS = frozenset({"=", "<", "<=", ">", ">="})
STATE = (
    "SELECT name, generation, position, stopped, CASE WHEN fed_till > ? THEN feeder END"
    " FROM read_models WHERE name = ? AND "
)
LEASE = (
    "UPDATE read_models SET feeder = ?, fed_till = ? WHERE name = ? AND live"
    " AND (feeder IS NULL OR feeder = ? OR fed_till NOT BETWEEN ? AND ?)"
)
"""A lease that ends later than one can is of a clock that was wrong."""

SWAP = (
    "UPDATE read_models SET live = NOT live, (feeder, fed_till) ="
    " (SELECT feeder, fed_till FROM read_models WHERE name = ? AND live)"
    " WHERE name = ? AND (live OR generation = ?)"
)
ADD = "INSERT INTO read_models (name, generation, position, live)"


class SqliteReadModels:
    """The port for read models (`application/store.py`) on an SQLite file."""

    def __init__(self, path: str) -> None:
        self._connections = Connections(path, "NORMAL")
        self._tables: dict[str, Table] = {}
        lay_out(self._db, VIEWS)

    @property
    def _db(self) -> sqlite3.Connection:
        return self._connections.mine

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise unavailable(error) from error
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")

    def ensure(self, table: Table) -> None:
        """Make the table of a read model if there is none, or none with these columns."""
        self._tables[table.name] = table
        with self._transaction() as db:
            known = db.execute(
                "SELECT generation FROM read_models WHERE name = ? AND live", (table.name,)
            ).fetchone()
            if known is not None and self._columns(db, table.name, known[0]) == list(table.columns):
                return
            generation = 1 if known is None else known[0] + 1
            self._drop(db, table.name, "live")
            self._drop(db, table.name, f"generation = {generation}")
            self._create(db, table, generation=generation)
            db.execute(f"{ADD} VALUES (?, ?, 0, 1)", (table.name, generation))

    def _columns(self, db: sqlite3.Connection, name: str, generation: int) -> list[str]:
        """The columns between a table's key and its document."""
        found = db.execute(f"PRAGMA table_info({_table_name(name, generation)})")
        return [row[1] for row in found][1:-1]

    def _create(self, db: sqlite3.Connection, table: Table, *, generation: int) -> None:
        columns = "".join(f"{name} {TYPES[kind]}, " for name, kind in table.columns.items())
        name = _table_name(table.name, generation)
        db.execute(
            f"CREATE TABLE {name} (key TEXT PRIMARY KEY, {columns}document BLOB NOT NULL)"
            " WITHOUT ROWID"
        )
        for index in table.indexes:
            db.execute(f"CREATE INDEX {name}_{'_'.join(index)} ON {name} ({', '.join(index)}, key)")

    def state(self, name: str) -> ModelState:
        """How far the live generation of a read model has got."""
        row = self._db.execute(STATE + "live", (_now(), name)).fetchone()
        return ModelState(*row)

    def reload(self, state: ModelState) -> ModelState:
        """How far this generation has got, live or not."""
        row = self._db.execute(
            STATE + "generation = ?", (_now(), state.name, state.generation)
        ).fetchone()
        return ModelState(*row)

    def lease(self, name: str, feeder: str, seconds: float) -> bool:
        """Leave a read model to `feeder` for a while, unless it is another one's."""
        moment = _now()
        till = moment + round(seconds * 1000)
        with self._transaction() as db:
            had = db.execute(LEASE, (feeder, till, name, feeder, moment + 1, till))
        return had.rowcount == 1

    def release(self, name: str, feeder: str) -> None:
        """Let others have a read model at once."""
        with self._transaction() as db:
            db.execute(
                "UPDATE read_models SET feeder = NULL, fed_till = NULL"
                " WHERE name = ? AND live AND feeder = ?",
                (name, feeder),
            )

    def commit(
        self, state: ModelState, rows: Sequence[Row], position: int, gone: Sequence[str] = ()
    ) -> bool:
        """Write rows and position together, if nobody has moved on from `state`."""
        with self._transaction() as db:
            moved = db.execute(
                "UPDATE read_models SET position = ?, stopped = NULL"
                " WHERE name = ? AND generation = ? AND position = ?",
                (position, state.name, state.generation, state.position),
            )
            if moved.rowcount == 1:
                self._put(db, state, rows)
                table = _table_name(state.name, state.generation)
                db.executemany(f"DELETE FROM {table} WHERE key = ?", ((key,) for key in gone))  # noqa: S608 - our own names
        return moved.rowcount == 1

    def _put(self, db: sqlite3.Connection, state: ModelState, rows: Sequence[Row]) -> None:
        """Add or replace rows; where the table adds up, add their numbers to those there."""
        shape = self._tables[state.name]
        names = ("key", *shape.columns, "document")
        table = _table_name(state.name, state.generation)
        news = ", ".join(
            f"{name} = {f'{table}.{name} + ' if name in shape.sums else ''}excluded.{name}"
            for name in names[1:]
        )
        db.executemany(
            f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own names
            f" ON CONFLICT (key) DO UPDATE SET {news}",
            ((row.key, *row.columns, row.document) for row in rows),
        )

    def stop(self, state: ModelState, reason: str) -> None:
        """Note why a read model stands still."""
        with self._transaction() as db:
            db.execute(
                "UPDATE read_models SET stopped = ? WHERE name = ? AND generation = ?",
                (reason, state.name, state.generation),
            )

    def page(self, name: str, page: Page) -> list[Row]:
        """The wanted rows of the live generation."""
        terms, values = _conditions(page)
        terms += self._there(name)
        direction = "DESC" if page.descending else "ASC"
        table = _table_name(name, self.state(name).generation)
        rows = self._db.execute(
            f"SELECT * FROM {table} {_where(terms)}"  # noqa: S608 - our own names, values are bound
            f" ORDER BY {page.sort} {direction}, key {direction} LIMIT ?",
            (*values, page.limit),
        )
        return [_row(row) for row in rows]

    def scan(self, state: ModelState) -> Iterator[Row]:
        """All rows of a generation by key."""
        table = _table_name(state.name, state.generation)
        where = _where(self._there(state.name))
        yield from map(_row, self._db.execute(f"SELECT * FROM {table} {where} ORDER BY key"))  # noqa: S608 - our own names

    def _there(self, name: str) -> list[str]:
        """The condition that a row is not all noughts, where rows add up."""
        checks = [f"{column} <> 0" for column in self._tables[name].sums]
        return [f"({' OR '.join(checks)})"] if checks else []

    def begin_rebuild(self, table: Table) -> ModelState:
        """Make an empty generation beside the live one; drop what an earlier attempt left."""
        live = self.state(table.name)
        with self._transaction() as db:
            self._drop(db, table.name, "NOT live")
            generation = live.generation + 1
            self._create(db, table, generation=generation)
            db.execute(f"{ADD} VALUES (?, ?, 0, 0)", (table.name, generation))
        return ModelState(table.name, generation, 0)

    def swap(self, state: ModelState) -> None:
        """Make a generation the live one, and drop the one it replaces."""
        with self._transaction() as db:
            db.execute(SWAP, (state.name, state.name, state.generation))
            self._drop(db, state.name, "NOT live")

    def _drop(self, db: sqlite3.Connection, name: str, which: str) -> None:
        condition = f"WHERE name = ? AND {which}"
        dead = db.execute(f"SELECT generation FROM read_models {condition}", (name,)).fetchall()  # noqa: S608 - our own words
        for (generation,) in dead:
            db.execute(f"DROP TABLE {_table_name(name, generation)}")
        db.execute(f"DELETE FROM read_models {condition}", (name,))  # noqa: S608 - our own words

    def close(self) -> None:
        """Give back all connections."""
        self._connections.close()


def _now() -> int:
    return to_ms(now())


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
                checks.append(f"{column} {operator} ?")
                values.append(value)
            alternatives.append(f"({' AND '.join(checks)})")
        terms.append(f"({' OR '.join(alternatives)})")
    if page.after is not None:
        beyond = "<" if page.descending else ">"
        terms.append(f"({page.sort}, key) {beyond} (?, ?)")
        values.extend(page.after)
    return terms, values
