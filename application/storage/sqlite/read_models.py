"""The read models of the embedded store: a file with their list, and a file for each generation.

All of them can be deleted: they are filled again from the log. So they are not synced at every
commit, and filling one delays neither a sale nor another read model.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, cast

from application.ports.log_point import LogPoint
from application.ports.partitions import Range
from application.ports.read_models import (
    Build,
    ModelNotTrue,
    ModelState,
    Page,
    Row,
    StoredRow,
    Table,
)
from application.runtime.clock import to_ms
from application.runtime.failpoints import reach
from application.storage.shared.read_model_pages import (
    ALL,
    count_query,
    page_query,
    row_of,
    tally_query,
)
from application.storage.shared.read_model_snapshots import Snapshots
from application.storage.sqlite import generation_list as listed
from application.storage.sqlite import generations
from application.storage.sqlite.connections import Connections
from application.storage.sqlite.damage import Gone, healed
from application.storage.sqlite.generations import OpenGenerations
from application.storage.sqlite.rebuild_lock import is_rebuilding, rebuilding
from application.storage.sqlite.repair import FileIdentity, RepairedFiles, inode_of

PROGRESS = "SELECT position, stopped, log, hash FROM progress"
MOVE = (
    "UPDATE progress SET position = ?, stopped = NULL, log = ?, hash = ?"
    " WHERE position = ? AND hash = ?"
)


class SqliteReadModels(Snapshots, RepairedFiles):
    """The port for read models (`application/ports/read_models.py`) on SQLite files."""

    def __init__(
        self,
        path: str,
        belong: FileIdentity,
        look: Callable[[], None],
        point_at: Callable[[int], LogPoint],
        clock: Callable[[], datetime],
    ) -> None:
        """Keep the list at `path`, with the log's id as `belong` stores it.

        `look` raises when the log is gone: what was made from it must not be served then.
        `point_at` returns the log point at a position; leases use `clock`.
        """
        self._path = path
        self._look_at_log = look
        self._look_again = 0.0
        self._point_at = point_at
        self._clock = clock
        self._connections = Connections(path, "NORMAL")
        self._of_thread = threading.local()
        self._tables: dict[str, Table] = {}
        self._shapes: dict[tuple[str, int], str] = {}
        self._belong = belong
        self._open_list_if_possible()

    @property
    def _db(self) -> sqlite3.Connection:
        """The list of read models."""
        self._look_at_log()
        self._look_at_list()
        return self._connections.mine

    def _now(self) -> int:
        return to_ms(self._clock())

    def _file(self, name: str, generation: int) -> str:
        return f"{self._path}-{name}-{generation}"

    def _open(self, name: str, generation: int) -> sqlite3.Connection:
        """The connection of this thread to a generation. Raises `Gone`."""
        opened: OpenGenerations | None = getattr(self._of_thread, "opened", None)
        if opened is None or opened.epoch != self._connections.epoch:
            if opened is not None:
                opened.close(list(opened))
            epoch = self._connections.epoch
            opened = self._of_thread.opened = OpenGenerations(epoch)
        self._of_thread.touched = (name, generation)
        if (name, generation) not in opened:
            opened.close([each for each in opened if not listed.is_listed(self._db, *each)])
            opened.add(name, generation, self._file(name, generation))
        return opened[name, generation]

    @healed
    def ensure(self, table: Table) -> None:
        self._tables[table.name] = table
        if self._is_there(table.name):
            return
        with generations.transaction(self._db):
            if self._is_there(table.name):
                return
            self._db.execute("DELETE FROM read_models WHERE name = ? AND live", (table.name,))
            self._add_live(table)

    def _is_there(self, name: str) -> bool:
        """Whether the live generation of a read model is listed, and has its file."""
        generation = listed.live_generation(self._db, name)
        return generation is not None and inode_of(self._file(name, generation)) is not None

    @healed
    def renew(self, table: Table) -> bool:
        dead: list[int] = []
        with generations.transaction(self._db):
            live = listed.live_generation(self._db, table.name)
            differs = live is not None and self._shape(table.name, live) != table.shape
            if differs:
                dead = listed.forget(self._db, "name = ? AND NOT live", table.name)
                self._db.execute("UPDATE read_models SET live = 0 WHERE name = ?", (table.name,))
                self._add_live(table)
        self._remove(table.name, dead)
        return differs

    @healed
    def begin_anew(self, state: ModelState, awaited: int) -> bool:
        name = state.name
        with generations.transaction(self._db):
            lease = self._db.execute(listed.LEASED, (name, state.generation)).fetchone()
            if lease is None:
                return False
            dead = listed.forget(self._db, "name = ? AND target IS NULL", name)
            self._add_live(self._tables[name])
            self._db.execute(
                "UPDATE read_models SET feeder = ?, fed_till = ?, awaited = ?"
                " WHERE name = ? AND live",
                (*lease, awaited, name),
            )
        self._remove(name, dead)
        return True

    @healed
    def end_wait(self, state: ModelState) -> None:
        self._db.execute(
            "UPDATE read_models SET awaited = 0 WHERE name = ? AND generation = ?",
            (state.name, state.generation),
        )

    def _add_live(self, table: Table) -> None:
        generation = listed.next_generation(self._db, table.name)
        generations.create(self._file(table.name, generation), table)
        values = (table.name, generation, table.shape)
        self._db.execute(f"{listed.ADD} VALUES (?, ?, 1, ?, NULL, NULL)", values)

    @healed
    def state(self, name: str) -> ModelState:
        return self._state(name, "name = ? AND live", (name,))

    def states(self, names: Sequence[str]) -> dict[str, ModelState]:
        return {name: self.state(name) for name in names}

    def reload(self, state: ModelState) -> ModelState:
        which = (state.name, state.generation)
        return self._state(state.name, "name = ? AND generation = ?", which)

    def _state(self, name: str, condition: str, values: tuple[Any, ...]) -> ModelState:
        row = self._db.execute(listed.PROJECTOR + condition, (self._now(), *values)).fetchone()
        if row is None:
            raise Gone(name)
        generation, projector, since, target, awaited = row
        db = self._open(name, generation)
        position, stopped, log, own = db.execute(PROGRESS).fetchone()
        diverged = bool(own) and LogPoint(log, at := position or target, own) != self._point_at(at)
        since = stopped and since
        return ModelState(
            name, generation, position, stopped, projector, since, log, own, diverged, awaited
        )

    def shape(self, state: ModelState) -> str:
        return self._shape(state.name, state.generation)

    def _shape(self, name: str, generation: int) -> str:
        known = self._shapes.get((name, generation))
        if known is None:
            statement = "SELECT shape FROM read_models WHERE name = ? AND generation = ?"
            (known,) = self._db.execute(statement, (name, generation)).fetchone()
            self._shapes[name, generation] = known
        return cast("str", known)

    @healed
    def lease(self, name: str, projector: str, seconds: float) -> bool:
        moment = self._now()
        till = moment + round(seconds * 1000)
        with generations.transaction(self._db):
            had = self._db.execute(
                listed.LEASE, (projector, till, name, projector, moment + 1, till)
            )
        return had.rowcount == 1

    def release(self, name: str, projector: str) -> None:
        self._db.execute(
            "UPDATE read_models SET feeder = NULL, fed_till = NULL"
            " WHERE name = ? AND live AND feeder = ?",
            (name, projector),
        )

    @healed
    def commit(
        self,
        state: ModelState,
        rows: Sequence[Row],
        position: int,
        gone: Sequence[str] = (),
        point: LogPoint | None = None,
    ) -> bool:
        try:
            db = self._open(state.name, state.generation)
        except Gone:
            return False
        log, own = ("", b"") if point is None else (point.log, point.hash)
        with generations.transaction(db):
            values = (position, log, own, state.position, state.hash)
            moved = db.execute(MOVE, values)
            if moved.rowcount == 1:
                generations.put(db, self._tables[state.name], rows, indexed=True)
                statement = f"DELETE FROM {state.name} WHERE key = ?"  # noqa: S608 - our own names
                db.executemany(statement, ((key,) for key in gone))
            reach("projector.before_commit")
        return moved.rowcount == 1

    @healed
    def stop(self, state: ModelState, reason: str) -> None:
        db = self._open(state.name, state.generation)
        with generations.transaction(db):
            (before,) = db.execute("SELECT stopped FROM progress").fetchone()
            db.execute("UPDATE progress SET stopped = ?", (reason,))
        if before is None:
            self._db.execute(
                "UPDATE read_models SET stopped_since = ? WHERE name = ? AND generation = ?",
                (self._now(), state.name, state.generation),
            )

    # Reading.

    def page(self, name: str, page: Page) -> list[Row]:
        return [row_of(row) for row in self.values(name, page, ALL)]

    @healed
    def values(self, name: str, page: Page, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        state = self.state(name)
        if not (page.partial or state.is_true):
            raise ModelNotTrue(name)
        query = page_query(name, self._tables[name], page, "?", columns)
        return self._open(name, state.generation).execute(*query).fetchall()

    @healed
    def count(self, name: str, page: Page) -> int:
        query = count_query(name, self._tables[name], page, "?")
        row = self._open(name, self.state(name).generation).execute(*query).fetchone()
        return int(row[0])

    @healed
    def tally(self, name: str, page: Page, column: str) -> dict[str, int]:
        query = tally_query(name, self._tables[name], page, column, "?")
        return dict(self._open(name, self.state(name).generation).execute(*query))

    def stored_rows(
        self, state: ModelState, partition: Range | None = None
    ) -> AbstractContextManager[tuple[int, Iterator[StoredRow]]]:
        path = self._file(state.name, state.generation)
        return generations.stored_rows(path, self._tables[state.name], partition)

    def comparison(
        self, live: ModelState, new: ModelState
    ) -> AbstractContextManager[tuple[int, Callable[[], bool]]]:
        files = [self._file(each.name, each.generation) for each in (live, new)]
        return generations.comparison(files[0], files[1], self._tables[live.name])

    # Making it again.

    def rebuilding(self, name: str) -> AbstractContextManager[None]:
        return rebuilding(self._path, name)

    def is_rebuilding(self, name: str) -> bool:
        return is_rebuilding(self._path, name)

    @healed
    def build(self, table: Table) -> Build | None:
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

    def begin(self, table: Table, code: str, target: int, split_keys: Sequence[str]) -> Build:
        self._tables[table.name] = table
        with generations.transaction(self._db):
            dead = listed.forget(self._db, "name = ? AND target IS NOT NULL", table.name)
            generation = listed.next_generation(self._db, table.name)
            path = self._file(table.name, generation)
            generations.create(path, table, split_keys)
            generations.note_point(path, self._point_at(target))
            values = (table.name, generation, table.shape, code, target)
            self._db.execute(f"{listed.ADD} VALUES (?, ?, 0, ?, ?, ?)", values)
        self._remove(table.name, dead)
        return Build(self.reload(ModelState(table.name, generation, 0)), code, target)

    def _remove(self, name: str, dead: Sequence[int]) -> None:
        for generation in dead:
            generations.remove(self._file(name, generation))

    def pending(self, state: ModelState) -> list[Range]:
        return generations.pending(self._file(state.name, state.generation))

    def loaded(self, state: ModelState) -> int:
        try:
            return generations.loaded(self._file(state.name, state.generation))
        except Gone:
            return 0

    def load(self, state: ModelState, partition: Range, rows: Sequence[Row], events: int) -> bool:
        path = self._file(state.name, state.generation)
        return generations.load(path, self._tables[state.name], partition, rows, events)

    def finish(self, build: Build) -> None:
        state = build.state
        path = self._file(state.name, state.generation)
        if hasattr(self._of_thread, "opened"):
            self._of_thread.opened.close([(state.name, state.generation)])
        generations.finish(path, self._tables[state.name], build.target)

    def swap(self, state: ModelState) -> bool:
        live = self.state(state.name)
        with (
            generations.transaction(self._db),
            generations.transaction(self._open(live.name, live.generation)),
        ):
            new, live = self.reload(state), self.reload(live)
            if new.diverged or (new.position < live.position and not live.diverged):
                return False
            dead = listed.forget(
                self._db, "name = ? AND NOT live AND generation <> ?", state.name, state.generation
            )
            self._db.execute(listed.SWAP, (state.name, state.name, state.generation))
            reach("swap.before_commit")
        reach("swap.after_commit")
        self._remove(state.name, dead)
        return True

    @healed
    def kept(self, name: str) -> ModelState | None:
        row = self._db.execute(
            "SELECT generation FROM read_models WHERE name = ? AND NOT live AND target IS NULL",
            (name,),
        ).fetchone()
        return None if row is None else self.reload(ModelState(name, row[0], 0))

    def drop(self, state: ModelState) -> None:
        with generations.transaction(self._db):
            dead = listed.forget(
                self._db, "name = ? AND generation = ? AND NOT live", state.name, state.generation
            )
        self._remove(state.name, dead)

    def close(self) -> None:
        self._connections.close()
        self._of_thread.opened = None
