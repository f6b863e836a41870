"""The layouts of the embedded store's files, and how a file is brought to the newest one."""

import sqlite3
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from application.ports.store import LayoutTooNew, StoreUnavailable
from application.runtime.failpoints import reach
from application.storage.sqlite import companion_tables, log_tables
from application.storage.sqlite.script import run
from application.storage.sqlite.webhook_tables import WEBHOOKS

Step = str | Callable[[sqlite3.Connection], None]


def _log_layout(connection: sqlite3.Connection) -> int | None:
    if not _has_table(connection, "counters"):
        return None
    row = connection.execute("SELECT value FROM counters WHERE name = 'layout'").fetchone()
    return int(row[0])


def _note_log_layout(connection: sqlite3.Connection, number: int) -> None:
    connection.execute("UPDATE counters SET value = ? WHERE name = 'layout'", (number,))


def _views_layout(connection: sqlite3.Connection) -> int | None:
    if not _has_table(connection, "read_models"):
        return None
    return int(connection.execute("PRAGMA user_version").fetchone()[0]) or 1


def _recorded_heads_layout(connection: sqlite3.Connection) -> int | None:
    if not _has_table(connection, "witness"):
        return None
    return int(connection.execute("PRAGMA user_version").fetchone()[0]) or 1


def _note_views_layout(connection: sqlite3.Connection, number: int) -> None:
    connection.execute(f"PRAGMA user_version = {number:d}")


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return found is not None


class File(msgspec.Struct, frozen=True):
    """A file's tables in layout 1, how each later layout is made, and where its number stands.

    `layout` is None for a file without our tables. A step is SQL, or a function that gets the
    connection; a new file is laid out by the same steps. A step that was released is never
    changed; what comes later is a step of its own.
    """

    tables: str
    steps: Mapping[int, Step]
    layout: Callable[[sqlite3.Connection], int | None]
    note: Callable[[sqlite3.Connection, int], None]

    @property
    def newest(self) -> int:
        """The layout of this version."""
        return max(self.steps, default=1)


LOG = File(
    log_tables.LOG_TABLES,
    MappingProxyType(
        {
            2: log_tables.ATTEMPTS,
            3: log_tables.chain_events,
            4: log_tables.CHECKPOINTS,
            5: log_tables.identify_log,
            6: log_tables.SETBACKS,
            7: log_tables.digest_requests,
            8: log_tables.list_tickets,
            9: log_tables.ACCESS,
            10: log_tables.GATEWAY_NOTICES,
            11: log_tables.NOTICES_BY_ORDER,
            12: WEBHOOKS,
        }
    ),
    _log_layout,
    _note_log_layout,
)
VIEWS = File(
    companion_tables.VIEWS_TABLES,
    MappingProxyType(
        {
            2: companion_tables.PROJECTORS,
            3: companion_tables.begin_read_models_anew,
            4: companion_tables.STOPPED_SINCE,
            5: companion_tables.LOG_IDENTITY,
            6: companion_tables.add_points,
        }
    ),
    _views_layout,
    _note_views_layout,
)


RECORDED_HEADS = File(
    companion_tables.RECORDED_HEADS_TABLES,
    MappingProxyType(
        {
            2: companion_tables.VERIFICATION,
            3: companion_tables.LOG_IDENTITY,
            4: companion_tables.SEEN + log_tables.SETBACKS,
        }
    ),
    _recorded_heads_layout,
    _note_views_layout,
)


def lay_out(connection: sqlite3.Connection, file: File) -> None:
    """Bring a file's tables to this version's layout; other processes may be doing the same.

    `connection` is in autocommit mode. Raises `LayoutTooNew`, `StoreUnavailable`.
    """
    try:
        if file.layout(connection) != file.newest:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                _take_steps(connection, file)
            reach("upgrade.after_commit")
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"The database cannot be used: {error}.") from error


def _take_steps(connection: sqlite3.Connection, file: File) -> None:
    """Take the steps that are missing, in the open transaction."""
    known = file.layout(connection)
    if known is None:
        run(connection, file.tables)
        known = 1
    if known > file.newest:
        raise LayoutTooNew(known, file.newest)
    for number in range(known + 1, file.newest + 1):
        step = file.steps[number]
        if isinstance(step, str):
            run(connection, step)
        else:
            step(connection)
        reach("upgrade.step")
    file.note(connection, file.newest)
    reach("upgrade.before_commit")


def is_unfinished_copy(log: sqlite3.Connection) -> bool:
    """Whether a log that is laid out is a copy that was begun and not finished."""
    found = log.execute("SELECT 1 FROM counters WHERE name = 'copying'").fetchone()
    return found is not None
