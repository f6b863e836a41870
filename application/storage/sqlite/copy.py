"""The embedded store's file as a whole: to be copied, or to become a copy."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from application.ports.copyable import Counters
from application.ports.store import StoreUnavailable
from application.runtime.clock import to_ms
from application.storage.shared.copied_tables import CopiedTables
from application.storage.shared.database import Values
from application.storage.shared.derived_records import PROVEN_FROM
from application.storage.sqlite.clock import SharedClock
from application.storage.sqlite.connections import connect, unavailable
from application.storage.sqlite.database import DIALECT, SqliteSession
from application.storage.sqlite.file_identity import check_before_opening
from application.storage.sqlite.layout import LOG, VIEWS, is_unfinished_copy, lay_out

SERVED = "SELECT feeder FROM read_models WHERE fed_till > ?"


class SqliteCopyable(CopiedTables):
    """The port `Copyable` (`application/ports/copyable.py`) on an SQLite file."""

    _dialect = DIALECT

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

    def _rows(self, statement: str, values: Values = ()) -> list[Any]:
        return self._log.execute(statement, values).fetchall()

    def served_by(self) -> str | None:
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
        return is_unfinished_copy(self._log)

    def begin(self) -> None:
        """Note that this is going to be a copy, and remove the files of its read models."""
        with self._transaction() as session:
            session.run("INSERT OR IGNORE INTO counters VALUES ('copying', 1)")
        views = Path(self._views_path)
        for file in views.parent.iterdir():
            if file.name == views.name or file.name.startswith(f"{views.name}-"):
                file.unlink()

    def counters(self) -> Counters:
        found = dict(self._log.execute("SELECT name, value FROM counters"))
        return Counters(found["number"], found["catalog"], found.get(PROVEN_FROM, 0))

    def finish(self, counters: Counters) -> None:
        """Set the counters, and open the copy to all.

        New positions come after the last one. A copy from PostgreSQL may have gaps below it that an
        SQLite log has not.
        """
        with self._transaction() as session:
            session.run_each(
                "INSERT OR REPLACE INTO counters VALUES (?, ?)",
                [
                    ("number", counters.number),
                    ("catalog", counters.catalog),
                    (PROVEN_FROM, counters.proven_from),
                ],
            )
            session.run(
                "INSERT OR REPLACE INTO counters"
                " SELECT 'copied_till', coalesce(max(rowid), 0) FROM orders_events"
            )
            session.run("DELETE FROM counters WHERE name = 'copying'")

    @contextmanager
    def _transaction(self) -> Iterator[SqliteSession]:
        try:
            self._log.execute("BEGIN IMMEDIATE")
            with self._log:
                yield SqliteSession(self._log)
        except sqlite3.OperationalError as error:
            raise unavailable(error) from error

    def close(self) -> None:
        self._log.close()
