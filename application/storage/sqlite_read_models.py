"""The read models of the embedded store, in files beside the log: a list of them, and each one.

All of them can be deleted: they are filled again from the log. They are therefore not synced at
every commit, and filling one makes neither a sale nor another read model wait.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, cast
from weakref import WeakSet

from application.clock import now, to_ms
from application.failpoints import reach
from application.storage import sqlite_generations as generations
from application.storage.read_model_pages import conditions, where
from application.storage.sqlite_connections import RETRY_SECONDS, Connection, Connections
from application.storage.sqlite_generations import Gone, OpenGenerations
from application.storage.sqlite_layout import VIEWS, lay_out
from application.store import BeingRebuilt, Build, ModelState, Page, Range, Row, Table

FEEDER = (
    "SELECT generation, CASE WHEN fed_till > ? THEN feeder END, stopped_since"
    " FROM read_models WHERE "
)
LEASE = (
    "UPDATE read_models SET feeder = ?, fed_till = ? WHERE name = ? AND live"
    " AND (feeder IS NULL OR feeder = ? OR fed_till NOT BETWEEN ? AND ?)"
)
"""A lease that ends later than one can is of a clock that was wrong."""

SWAP = (
    "UPDATE read_models SET live = NOT live, target = NULL, (feeder, fed_till) ="
    " (SELECT feeder, fed_till FROM read_models WHERE name = ? AND live)"
    " WHERE name = ? AND (live OR generation = ?)"
)
LINGER_SECONDS = 0.2
"""How long a rebuild waits for its lock: who only looks whether there is one has it for an instant.
"""

ADD = "INSERT INTO read_models (name, generation, live, shape, code, target)"


class SqliteReadModels:
    """The port for read models (`application/store.py`) on SQLite files."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connections = Connections(path, "NORMAL")
        self._of_thread = threading.local()
        self._open_ones: WeakSet[Connection] = WeakSet()
        self._tables: dict[str, Table] = {}
        self._shapes: dict[tuple[str, int], str] = {}
        lay_out(self._db, VIEWS)

    @property
    def _db(self) -> sqlite3.Connection:
        """The list of read models."""
        return self._connections.mine

    def _file(self, name: str, generation: int) -> str:
        return f"{self._path}-{name}-{generation}"

    def _open(self, name: str, generation: int) -> sqlite3.Connection:
        """The connection of this thread to a generation. Raises `Gone`."""
        opened: OpenGenerations | None = getattr(self._of_thread, "opened", None)
        if opened is None:
            opened = self._of_thread.opened = OpenGenerations(self._open_ones)
        if (name, generation) not in opened:
            opened.close([each for each in opened if not self._is_listed(*each)])
            opened.add(name, generation, self._file(name, generation))
        return opened[name, generation]

    def _is_listed(self, name: str, generation: int) -> bool:
        statement = "SELECT 1 FROM read_models WHERE name = ? AND generation = ?"
        return self._db.execute(statement, (name, generation)).fetchone() is not None

    def ensure(self, table: Table) -> None:
        """Make the table of a read model if there is none."""
        self._tables[table.name] = table
        with generations.transaction(self._db):
            generation = self._live(table.name)
            if generation is not None and os.path.exists(self._file(table.name, generation)):  # noqa: PTH110 - a path is a string here, as SQLite has it
                return
            self._db.execute("DELETE FROM read_models WHERE name = ? AND live", (table.name,))
            self._add_live(table)

    def renew(self, table: Table) -> bool:
        """Put an empty table in the place of one of another shape; tell whether it was one."""
        dead: list[int] = []
        with generations.transaction(self._db):
            live = self._live(table.name)
            differs = live is not None and self._shape(table.name, live) != table.shape
            if differs:
                dead = self._forget("name = ? AND NOT live", table.name)
                self._db.execute("UPDATE read_models SET live = 0 WHERE name = ?", (table.name,))
                self._add_live(table)
        self._remove(table.name, dead)
        return differs

    def _add_live(self, table: Table) -> None:
        generation = self._next(table.name)
        generations.create(self._file(table.name, generation), table)
        values = (table.name, generation, table.shape)
        self._db.execute(f"{ADD} VALUES (?, ?, 1, ?, NULL, NULL)", values)

    def _live(self, name: str) -> int | None:
        statement = "SELECT generation FROM read_models WHERE name = ? AND live"
        row = self._db.execute(statement, (name,)).fetchone()
        return None if row is None else int(row[0])

    def _next(self, name: str) -> int:
        """A number that no generation of the read model ever had, in the open transaction."""
        statement = (
            "INSERT INTO generations VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last"
        )
        return int(self._db.execute(statement, (name,)).fetchone()[0])

    def state(self, name: str) -> ModelState:
        """How far the live generation of a read model has got."""
        return self._state(name, "name = ? AND live", (name,))

    def reload(self, state: ModelState) -> ModelState:
        """How far this generation has got, live or not."""
        which = (state.name, state.generation)
        return self._state(state.name, "name = ? AND generation = ?", which)

    def _state(self, name: str, condition: str, values: tuple[Any, ...]) -> ModelState:
        row = self._db.execute(FEEDER + condition, (_now(), *values)).fetchone()
        if row is None:
            raise Gone(name)
        generation, feeder, since = row
        db = self._open(name, generation)
        position, stopped = db.execute("SELECT position, stopped FROM progress").fetchone()
        return ModelState(name, generation, position, stopped, feeder, stopped and since)

    def shape(self, state: ModelState) -> str:
        """The `Table.shape` that a generation was made for."""
        return self._shape(state.name, state.generation)

    def _shape(self, name: str, generation: int) -> str:
        known = self._shapes.get((name, generation))
        if known is None:
            statement = "SELECT shape FROM read_models WHERE name = ? AND generation = ?"
            (known,) = self._db.execute(statement, (name, generation)).fetchone()
            self._shapes[name, generation] = known
        return cast("str", known)

    def lease(self, name: str, feeder: str, seconds: float) -> bool:
        """Leave a read model to `feeder` for a while, unless it is another one's."""
        moment = _now()
        till = moment + round(seconds * 1000)
        with generations.transaction(self._db):
            had = self._db.execute(LEASE, (feeder, till, name, feeder, moment + 1, till))
        return had.rowcount == 1

    def release(self, name: str, feeder: str) -> None:
        """Let others have a read model at once."""
        self._db.execute(
            "UPDATE read_models SET feeder = NULL, fed_till = NULL"
            " WHERE name = ? AND live AND feeder = ?",
            (name, feeder),
        )

    def commit(
        self, state: ModelState, rows: Sequence[Row], position: int, gone: Sequence[str] = ()
    ) -> bool:
        """Write rows and position together, if nobody has moved on from `state`."""
        try:
            db = self._open(state.name, state.generation)
        except Gone:
            return False
        with generations.transaction(db):
            moved = db.execute(
                "UPDATE progress SET position = ?, stopped = NULL WHERE position = ?",
                (position, state.position),
            )
            if moved.rowcount == 1:
                generations.put(db, self._tables[state.name], rows, indexed=True)
                statement = f"DELETE FROM {state.name} WHERE key = ?"  # noqa: S608 - our own names
                db.executemany(statement, ((key,) for key in gone))
            reach("projector.before_commit")
        return moved.rowcount == 1

    def stop(self, state: ModelState, reason: str) -> None:
        """Note why a read model stands still."""
        db = self._open(state.name, state.generation)
        with generations.transaction(db):
            (before,) = db.execute("SELECT stopped FROM progress").fetchone()
            db.execute("UPDATE progress SET stopped = ?", (reason,))
        if before is None:
            self._db.execute(
                "UPDATE read_models SET stopped_since = ? WHERE name = ? AND generation = ?",
                (_now(), state.name, state.generation),
            )

    # Reading.

    def page(self, name: str, page: Page) -> list[Row]:
        """The wanted rows of the live generation."""
        terms, values = conditions(page, "?")
        terms += self._there(name)
        direction = "DESC" if page.descending else "ASC"
        db = self._open(name, self.state(name).generation)
        rows = db.execute(
            f"SELECT * FROM {name} {where(terms)}"  # noqa: S608 - our own names, values are bound
            f" ORDER BY {page.sort} {direction}, key {direction} LIMIT ?",
            (*values, page.limit),
        )
        return [_row(row) for row in rows]

    def count(self, name: str, page: Page) -> int:
        """How many rows `page` would have."""
        terms, values = conditions(page, "?")
        terms += self._there(name)
        db = self._open(name, self.state(name).generation)
        row = db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {name} {where(terms)} LIMIT ?)",  # noqa: S608 - our own names, values are bound
            (*values, page.limit),
        ).fetchone()
        return int(row[0])

    @contextmanager
    def snapshot(
        self, state: ModelState, part: Range | None = None
    ) -> Iterator[tuple[int, Iterator[Row]]]:
        """A generation's position and its rows by key, as they are at this moment."""
        db = generations.open_generation(self._file(state.name, state.generation))
        try:
            generations.read_without_copies(db)
            db.execute("BEGIN")
            (position,) = db.execute("SELECT position FROM progress").fetchone()
            terms, values = _within(part)
            clause = where([*terms, *self._there(state.name)])
            statement = f"SELECT * FROM {state.name} {clause} ORDER BY key"  # noqa: S608 - our own names
            yield position, map(_row, db.execute(statement, values))
        finally:
            db.close()

    def _there(self, name: str) -> list[str]:
        """The condition that a row is not all noughts, where rows add up."""
        checks = [f"{column} <> 0" for column in self._tables[name].sums]
        return [f"({' OR '.join(checks)})"] if checks else []

    # Making it again.

    @contextmanager
    def rebuilding(self, name: str) -> Iterator[None]:
        """Be the only one who makes a generation of this read model."""
        deadline = time.monotonic() + LINGER_SECONDS
        with open(self._rebuild_lock(name), "wb") as lock:  # noqa: PTH123 - see above
            while not _locked(lock, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise BeingRebuilt(name)
                time.sleep(RETRY_SECONDS)
            yield

    def is_rebuilding(self, name: str) -> bool:
        """Whether somebody makes a generation of this read model now."""
        try:
            with open(self._rebuild_lock(name), "rb") as lock:  # noqa: PTH123 - see above
                return not _locked(lock, fcntl.LOCK_SH)
        except FileNotFoundError:
            return False

    def _rebuild_lock(self, name: str) -> str:
        return f"{self._path}-{name}-rebuild"

    def build(self, table: Table) -> Build | None:
        """The generation of a read model that is being made, or was when its maker ended."""
        name = table.name
        self._tables[name] = table
        row = self._db.execute(
            "SELECT generation, code, target FROM read_models"
            " WHERE name = ? AND target IS NOT NULL",
            (name,),
        ).fetchone()
        if row is None:
            return None
        generation, code, target = row
        try:
            return Build(self.reload(ModelState(name, generation, 0)), code, target)
        except Gone:
            return None  # dropped this moment

    def begin(self, table: Table, code: str, target: int, points: Sequence[str]) -> Build:
        """Make an empty generation, to be loaded by the ranges of orders between `points`."""
        self._tables[table.name] = table
        with generations.transaction(self._db):
            dead = self._forget("name = ? AND target IS NOT NULL", table.name)
            generation = self._next(table.name)
            generations.create(self._file(table.name, generation), table, points)
            values = (table.name, generation, table.shape, code, target)
            self._db.execute(f"{ADD} VALUES (?, ?, 0, ?, ?, ?)", values)
        self._remove(table.name, dead)
        return Build(ModelState(table.name, generation, 0), code, target)

    def _forget(self, condition: str, *values: Any) -> list[int]:
        """Take generations off the list, in the open transaction."""
        rows = self._db.execute(
            f"DELETE FROM read_models WHERE {condition} RETURNING generation",  # noqa: S608 - our own words
            values,
        )
        return [row[0] for row in rows.fetchall()]

    def _remove(self, name: str, dead: Sequence[int]) -> None:
        for generation in dead:
            generations.remove(self._file(name, generation))

    def pending(self, state: ModelState) -> list[Range]:
        """The ranges that are not loaded yet."""
        return generations.pending(self._file(state.name, state.generation))

    def loaded(self, state: ModelState) -> int:
        """How many facts were loaded; none into a generation that is dropped."""
        try:
            return generations.loaded(self._file(state.name, state.generation))
        except Gone:
            return 0

    def load(self, state: ModelState, part: Range, rows: Sequence[Row], facts: int) -> bool:
        """Add the rows of a range and note that it is loaded, together."""
        path = self._file(state.name, state.generation)
        return generations.load(path, self._tables[state.name], part, rows, facts)

    def finish(self, build: Build) -> None:
        """Make a generation, all ranges of which are loaded, fit to be fed and read."""
        state = build.state
        path = self._file(state.name, state.generation)
        if hasattr(self._of_thread, "opened"):
            self._of_thread.opened.close([(state.name, state.generation)])
        generations.finish(path, self._tables[state.name], build.target)

    def swap(self, state: ModelState) -> bool:
        """Make a generation the live one, if it is as far as the live one."""
        live = self.state(state.name)
        with (
            generations.transaction(self._db),
            generations.transaction(self._open(live.name, live.generation)),
        ):
            if self.reload(state).position < self.reload(live).position:
                return False
            dead = self._forget(
                "name = ? AND NOT live AND generation <> ?", state.name, state.generation
            )
            self._db.execute(SWAP, (state.name, state.name, state.generation))
            reach("swap.before_commit")
        reach("swap.after_commit")
        self._remove(state.name, dead)
        return True

    def kept(self, name: str) -> ModelState | None:
        """The generation that was live before."""
        row = self._db.execute(
            "SELECT generation FROM read_models WHERE name = ? AND NOT live AND target IS NULL",
            (name,),
        ).fetchone()
        return None if row is None else self.reload(ModelState(name, row[0], 0))

    def drop(self, state: ModelState) -> None:
        """Drop a generation that is not live."""
        with generations.transaction(self._db):
            dead = self._forget(
                "name = ? AND generation = ? AND NOT live", state.name, state.generation
            )
        self._remove(state.name, dead)

    def close(self) -> None:
        """Give back all connections."""
        self._connections.close()
        for connection in list(self._open_ones):
            connection.close()


def _locked(file: BinaryIO, how: int) -> bool:
    """Whether a file could be locked, for as long as it is open."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _now() -> int:
    return to_ms(now())


def _row(row: tuple[Any, ...]) -> Row:
    return Row(row[0], row[1:-1], row[-1])


def _within(part: Range | None) -> tuple[list[str], list[str]]:
    """The conditions that a key is in a range, and their values."""
    if part is None:
        return [], []
    if part.upper is None:
        return ["key >= ?"], [part.lower]
    return ["key >= ?", "key < ?"], [part.lower, part.upper]
