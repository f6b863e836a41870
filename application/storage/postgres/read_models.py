"""The read models in the same database, a table for each generation.

They can be dropped and made again from the log. Rows and position change in one statement.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import errors

from application.ports.log_point import LogPoint
from application.ports.partitions import Range
from application.ports.read_models import (
    BeingRebuilt,
    Build,
    ModelNotTrue,
    ModelState,
    Page,
    Row,
    StoredRow,
    Table,
)
from application.ports.store import StoreUnavailable
from application.runtime.failpoints import reach
from application.runtime.pacing import working_elsewhere
from application.storage.postgres import generations
from application.storage.postgres import read_model_statements as sql
from application.storage.postgres.advisory_locks import LAYOUT_LOCK, rebuild_key
from application.storage.postgres.connections import Array, Connection, Readers, connect, streamed
from application.storage.postgres.generations import table_name
from application.storage.postgres.pipeline import texts
from application.storage.postgres.sessions import take_time
from application.storage.shared.read_model_pages import (
    ALL,
    count_query,
    page_query,
    row_of,
    scan_query,
    tally_query,
)
from application.storage.shared.read_model_snapshots import Snapshots
from application.storage.shared.shared_reads import SharedReads

SCAN_ROWS = 5000
Query = tuple[str, Sequence[Any]]
LINGER = "1s"
"""How long the server may take to notice that a process has died."""


class PostgresReadModels(Snapshots):
    """The port for read models (`application/ports/read_models.py`) on PostgreSQL."""

    def __init__(self, url: str, readers: Readers) -> None:
        self._url = url
        self._readers = readers
        self._tables: dict[str, Table] = {}
        self._shapes: dict[tuple[str, int], str] = {}
        self._states = SharedReads(self._read_states, "states")

    def close(self) -> None:
        """Stop reading."""
        self._states.close()

    def ensure(self, table: Table) -> None:
        """Make the table of a read model if there is none.

        Other processes may do the same at that time.
        """
        self._tables[table.name] = table
        if self._readers.rows(sql.STATE + "live", (table.name,)):
            return
        with self._laying_out() as connection:
            known = connection.execute(sql.STATE.encode() + b"live", (table.name,)).fetchone()
            if known is None:
                self._add(connection, table, live=True)

    def renew(self, table: Table) -> bool:
        if self.shape(self.state(table.name)) == table.shape:
            return False
        with self._laying_out() as connection:
            parted = connection.execute(
                "UPDATE read_models SET live = false WHERE name = %s AND live AND shape <> %s"
                " RETURNING generation",
                (table.name, table.shape),
            ).fetchone()
            if parted is not None:
                self._drop(connection, table.name, "generation <> %s", parted[0])
                self._add(connection, table, live=True)
        return parted is not None

    def begin_anew(self, state: ModelState, awaited: int) -> bool:
        with self._laying_out() as connection:
            lease = connection.execute(
                "UPDATE read_models SET live = false"
                " WHERE name = %s AND generation = %s AND live RETURNING feeder, fed_till",
                (state.name, state.generation),
            ).fetchone()
            if lease is None:
                return False
            self._drop(connection, state.name, "target IS NULL")
            self._add(connection, self._tables[state.name], live=True)
            connection.execute(sql.BEGIN_ANEW.encode(), (*lease, awaited, state.name))
        return True

    def end_wait(self, state: ModelState) -> None:
        self._readers.rows(sql.END_WAIT, (state.name, state.generation))

    @contextmanager
    def _laying_out(self) -> Iterator[Connection]:
        """A transaction that makes and drops tables, one at a time over all processes."""
        with self._readers.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", LAYOUT_LOCK)
            yield connection

    def _add(
        self,
        connection: Connection,
        table: Table,
        *,
        live: bool,
        code: str | None = None,
        target: int | None = None,
    ) -> int:
        """A new generation, of a number that none ever had."""
        (generation,) = connection.execute(sql.NEXT.encode(), (table.name,)).fetchone() or (1,)
        generations.create(connection, table, generation, indexed=live)
        values = (table.name, generation, live, table.shape, code, target)
        connection.execute(sql.ADD.encode(), values)
        return int(generation)

    def _drop(self, connection: Connection, name: str, condition: str, *values: Any) -> None:
        """Drop generations that are not live."""
        dead = connection.execute(
            f"DELETE FROM read_models WHERE name = %s AND NOT live AND {condition}"  # noqa: S608 - our own words
            " RETURNING generation".encode(),
            (name, *values),
        )
        for (generation,) in dead.fetchall():
            generations.drop(connection, name, generation)

    def state(self, name: str) -> ModelState:
        return self._states.of(name)

    def states(self, names: Sequence[str]) -> dict[str, ModelState]:
        found = {}
        for name, state in zip(names, self._read_states(names), strict=True):
            if isinstance(state, Exception):
                raise state
            found[name] = state
        return found

    def _read_states(self, names: Sequence[str]) -> list[ModelState | StoreUnavailable]:
        rows = self._readers.rows(sql.STATES, (list(set(names)),))
        found = {row[0]: ModelState(*row) for row in rows}
        return [
            found.get(name) or StoreUnavailable(f"The read model {name} is not made yet.")
            for name in names
        ]

    def reload(self, state: ModelState) -> ModelState:
        rows = self._readers.rows(sql.STATE + "generation = %s", (state.name, state.generation))
        return ModelState(*rows[0])

    def shape(self, state: ModelState) -> str:
        known = self._shapes.get((state.name, state.generation))
        if known is None:
            rows = self._readers.rows(
                "SELECT shape FROM read_models WHERE name = %s AND generation = %s",
                (state.name, state.generation),
            )
            known = self._shapes[state.name, state.generation] = rows[0][0]
        return known

    def lease(self, name: str, projector: str, seconds: float) -> bool:
        values = {"name": name, "feeder": projector, "seconds": seconds}
        return bool(self._readers.rows(sql.LEASE, values))

    def release(self, name: str, projector: str) -> None:
        self._readers.rows(sql.RELEASE, (name, projector))

    def commit(
        self,
        state: ModelState,
        rows: Sequence[Row],
        position: int,
        gone: Sequence[str] = (),
        point: LogPoint | None = None,
    ) -> bool:
        table = self._tables[state.name]
        log, own = ("", b"") if point is None else (point.log, point.hash)
        values: list[Any] = [position, log, own, state.name, state.generation]
        values += [state.position, state.hash, own, position, own]
        partitions = [f"moved AS ({sql.MOVE})"]
        if rows:
            source = f"SELECT w.* FROM {generations.arrays(table)} AS w WHERE {sql.MOVED}"  # noqa: S608 - our own names
            partitions.append(f"put AS ({generations.upsert(table, state.generation, source)})")
            values += generations.array_values(table, rows)
        if gone:
            name = table_name(state.name, state.generation)
            partitions.append(f"gone AS (DELETE FROM {name} WHERE key = ANY(%s) AND {sql.MOVED})")  # noqa: S608 - our own names
            values.append(Array(texts(gone)))
        statement = f"WITH {', '.join(partitions)} {sql.MOVED_NOW}"
        reach("projector.before_commit")
        try:
            return bool(self._readers.rows(statement, values)[0][0])
        except errors.UndefinedTable:
            return False

    def stop(self, state: ModelState, reason: str) -> None:
        with self._readers.transaction() as connection:
            connection.execute(sql.STOP.encode(), (reason, state.name, state.generation))

    # Reading.

    def page(self, name: str, page: Page) -> list[Row]:
        return [row_of(row) for row in self.values(name, page, ALL)]

    def values(self, name: str, page: Page, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        def query(state: ModelState) -> Query:
            if not (page.partial or state.is_true):
                raise ModelNotTrue(name)
            source = table_name(name, state.generation)
            return page_query(source, self._tables[name], page, "%s", columns)

        return self._of_live_table(name, query)

    def count(self, name: str, page: Page) -> int:
        def query(state: ModelState) -> Query:
            source = table_name(name, state.generation)
            return count_query(source, self._tables[name], page, "%s")

        return int(self._of_live_table(name, query)[0][0])

    def tally(self, name: str, page: Page, column: str) -> dict[str, int]:
        def query(state: ModelState) -> Query:
            source = table_name(name, state.generation)
            return tally_query(source, self._tables[name], page, column, "%s")

        return dict(self._of_live_table(name, query))

    def _of_live_table(
        self, name: str, query: Callable[[ModelState], Query]
    ) -> list[tuple[Any, ...]]:
        """What a query of the live generation finds, also if that is swapped at this moment.

        Raises `StoreUnavailable` where its table is gone.
        """
        gone = None
        while True:
            state = self.state(name)
            if state.generation == gone:
                raise StoreUnavailable(f"The table of the read model {name} is gone.")
            try:
                return self._readers.rows(*query(state))
            except errors.UndefinedTable:
                gone = state.generation

    @contextmanager
    def stored_rows(
        self, state: ModelState, partition: Range | None = None
    ) -> Iterator[tuple[int, Iterator[StoredRow]]]:
        table, name = self._tables[state.name], table_name(state.name, state.generation)
        statement, values = scan_query(name, table, partition, "%s")
        with (
            self._frozen(state) as (connection, position),
            connection.cursor(name="snapshot", binary=True) as cursor,
        ):
            cursor.execute(statement.encode(), values)
            yield position, streamed(cursor, SCAN_ROWS)

    @contextmanager
    def comparison(
        self, live: ModelState, new: ModelState
    ) -> Iterator[tuple[int, Callable[[], bool]]]:
        table = self._tables[live.name]
        with self._frozen(live) as (connection, position):

            def agree() -> bool:
                with working_elsewhere():
                    own = generations.digest(connection, table, live.generation)
                with working_elsewhere(), self._frozen(new) as (beside, _):
                    return generations.digest(beside, table, new.generation) == own

            yield position, agree

    @contextmanager
    def _frozen(self, state: ModelState) -> Iterator[tuple[Connection, int]]:
        """A transaction that sees a generation as it is now, and its position."""
        with self._readers.transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            take_time(connection)
            row = connection.execute(
                "SELECT position FROM read_models WHERE name = %s AND generation = %s",
                (state.name, state.generation),
            ).fetchone()
            yield connection, 0 if row is None else row[0]

    # Making it again.

    @contextmanager
    def rebuilding(self, name: str) -> Iterator[None]:
        lock = (rebuild_key(name),)
        with connect(self._url) as connection:
            connection.execute("SELECT set_config('lock_timeout', %s, false)", (LINGER,))
            try:
                connection.execute("SELECT pg_advisory_lock(%s)", lock)
            except errors.LockNotAvailable as error:
                raise BeingRebuilt(name) from error
            try:
                yield
            finally:
                if not connection.broken:
                    connection.execute("SELECT pg_advisory_unlock(%s)", lock)

    def is_rebuilding(self, name: str) -> bool:
        return bool(self._readers.rows(sql.LOCKED, (rebuild_key(name),))[0][0])

    def build(self, table: Table) -> Build | None:
        name = table.name
        self._tables[name] = table
        rows = self._readers.rows(
            "SELECT generation, position, code, target FROM read_models"
            " WHERE name = %s AND target IS NOT NULL",
            (name,),
        )
        for generation, position, code, target in rows:
            return Build(self.reload(ModelState(name, generation, position)), code, target)
        return None

    def begin(self, table: Table, code: str, target: int, split_keys: Sequence[str]) -> Build:
        self._tables[table.name] = table
        with self._laying_out() as connection:
            self._drop(connection, table.name, "target IS NOT NULL")
            generation = self._add(connection, table, live=False, code=code, target=target)
            generations.add_ranges(connection, table.name, generation, split_keys)
            connection.execute(sql.AIM.encode(), (target, table.name, generation))
        return Build(self.reload(ModelState(table.name, generation, 0)), code, target)

    def pending(self, state: ModelState) -> list[Range]:
        rows = self._readers.rows(
            "SELECT number, lower, upper FROM read_model_ranges"
            " WHERE name = %s AND generation = %s AND facts IS NULL ORDER BY number",
            (state.name, state.generation),
        )
        return [Range(*row) for row in rows]

    def loaded(self, state: ModelState) -> int:
        rows = self._readers.rows(
            "SELECT coalesce(sum(facts), 0)::bigint FROM read_model_ranges"
            " WHERE name = %s AND generation = %s",
            (state.name, state.generation),
        )
        return int(rows[0][0])

    def load(self, state: ModelState, partition: Range, rows: Sequence[Row], events: int) -> bool:
        table = self._tables[state.name]
        with self._readers.transaction() as connection:
            take_time(connection)
            return generations.load(connection, table, state.generation, partition, rows, events)

    def finish(self, build: Build) -> None:
        state = build.state
        table = self._tables[state.name]
        for statement in generations.finishing(table, state.generation):
            with working_elsewhere(), self._readers.transaction() as connection:
                generations.finish(connection, table, statement)
        with self._readers.transaction() as connection:
            connection.execute(
                "UPDATE read_models SET position = greatest(position, %s)"
                " WHERE name = %s AND generation = %s",
                (build.target, state.name, state.generation),
            )

    def swap(self, state: ModelState) -> bool:
        with self._laying_out() as connection:
            connection.execute("SELECT FROM read_models WHERE name = %s FOR UPDATE", (state.name,))
            live = _state(connection, "live", state.name)
            new = _state(connection, "generation = %s", state.name, state.generation)
            if live is None or new is None or new.diverged:
                return False
            if new.position < live.position and not live.diverged:
                return False
            self._drop(connection, state.name, "generation <> %s", state.generation)
            connection.execute(sql.SWAP.encode(), (state.name, state.generation))
            reach("swap.before_commit")
        reach("swap.after_commit")
        return True

    def kept(self, name: str) -> ModelState | None:
        rows = self._readers.rows(sql.STATE + "NOT live AND target IS NULL", (name,))
        return ModelState(*rows[0]) if rows else None

    def drop(self, state: ModelState) -> None:
        with self._laying_out() as connection:
            self._drop(connection, state.name, "generation = %s", state.generation)


def _state(connection: Connection, which: str, *values: Any) -> ModelState | None:
    """How far a generation has got, as the open transaction sees it."""
    row = connection.execute((sql.STATE + which).encode(), values).fetchone()
    return None if row is None else ModelState(*row)
