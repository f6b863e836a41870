"""The embedded store's file as a whole: to be copied, or to become a copy."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from application.ports.copyable import PARTS, Counters, Part, Row
from application.ports.store import StoreUnavailable
from application.runtime.clock import to_ms
from application.storage.shared.copy_statements import Statements, kept
from application.storage.shared.derived_records import PROVEN_FROM
from application.storage.sqlite.clock import SharedClock
from application.storage.sqlite.connections import connect, unavailable
from application.storage.sqlite.file_identity import check_before_opening
from application.storage.sqlite.layout import LOG, VIEWS, is_unfinished_copy, lay_out

KEPT = kept("rowid")
SERVED = "SELECT feeder FROM read_models WHERE fed_till > ?"


class SqliteCopyable:
    """The port `Copyable` (`application/ports/copyable.py`) on an SQLite file."""

    def __init__(self, path: str, *, make: bool) -> None:
        """Open the file. Only with `make` it is made if there is none.

        Raises `LayoutTooNew`, `StoreUnavailable`.
        """
        check_before_opening(path)
        if not make and not Path(path).exists():
            raise StoreUnavailable(f"There is no file {path}.")
        self._views_path = path + "-views"
        self._clock_path = path + "-clock"
        self._log = connect(path, "FULL")
        lay_out(self._log, LOG)

    def _of(self, partition: Part) -> Statements:
        return Statements(partition, KEPT[partition.name], "?")

    def served_by(self) -> str | None:
        """A process that serves this database now, if one does."""
        if not Path(self._views_path).exists():
            return None
        clock = SharedClock(self._clock_path)
        views = connect(self._views_path, "NORMAL")
        try:
            lay_out(views, VIEWS)
            row = views.execute(SERVED, (to_ms(clock.moment()),)).fetchone()
        finally:
            views.close()
            clock.close()
        return None if row is None else str(row[0])

    def is_unfinished(self) -> bool:
        """Whether this is a copy that was begun and not finished."""
        return is_unfinished_copy(self._log)

    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not any(self.rows(partition, None, 1) for partition in PARTS)

    def begin(self) -> None:
        """Note that this is going to be a copy, and remove the files of its read models."""
        with self._transaction() as log:
            log.execute("INSERT OR IGNORE INTO counters VALUES ('copying', 1)")
        views = Path(self._views_path)
        for file in views.parent.iterdir():
            if file.name == views.name or file.name.startswith(f"{views.name}-"):
                file.unlink()

    def count(self, partition: Part) -> int:
        """How many rows a part has."""
        table = KEPT[partition.name].table
        return int(self._log.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own names

    def rows(self, partition: Part, after: Row | None, limit: int) -> Sequence[Row]:
        """At most `limit` rows with keys beyond `after`, by their keys."""
        statement = self._of(partition).rows(beyond=after is not None)
        return self._log.execute(statement, (*(after or ()), limit)).fetchall()

    def replace(
        self, partition: Part, after: Row | None, till: Row | None, rows: Sequence[Row]
    ) -> None:
        """Have these rows, and no others, with keys beyond `after` up to `till`."""
        of = self._of(partition)
        with self._transaction() as log:
            log.execute(
                of.delete(beyond=after is not None, till=till is not None),
                (*(after or ()), *(till or ())),
            )
            if rows:
                placeholders = ", ".join("?" * len(of.kept.columns))
                log.executemany(
                    f"INSERT INTO {of.kept.table} ({of.columns}) VALUES ({placeholders})",  # noqa: S608 - our own names
                    rows,
                )

    def counters(self) -> Counters:
        """The counters as they are."""
        found = dict(self._log.execute("SELECT name, value FROM counters"))
        return Counters(found["number"], found["catalog"], found.get(PROVEN_FROM, 0))

    def finish(self, counters: Counters) -> None:
        """Set the counters and open it to all. New positions come beyond the last by themselves.

        Up to there positions may be empty that this kind of store would not have left empty.
        """
        with self._transaction() as log:
            log.executemany(
                "INSERT OR REPLACE INTO counters VALUES (?, ?)",
                [
                    ("number", counters.number),
                    ("catalog", counters.catalog),
                    (PROVEN_FROM, counters.proven_from),
                ],
            )
            log.execute(
                "INSERT OR REPLACE INTO counters"
                " SELECT 'copied_till', coalesce(max(rowid), 0) FROM orders_events"
            )
            log.execute("DELETE FROM counters WHERE name = 'copying'")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._log.execute("BEGIN IMMEDIATE")
            with self._log:
                yield self._log
        except sqlite3.OperationalError as error:
            raise unavailable(error) from error

    def close(self) -> None:
        """Give back the connection."""
        self._log.close()
