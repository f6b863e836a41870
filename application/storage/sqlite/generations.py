"""One generation of a read model: an SQLite file of its own, with its table and its position.

While it is being made, several processes take turns to load it: one transaction stores the rows of
a range of orders, and that the range is loaded. It gets its indexes, and can be read while it is
written, at the end.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from application.ports.log_point import LogPoint
from application.ports.partitions import Range, ranges_between
from application.ports.read_models import KeyTwice, Row, StoredRow, Table
from application.ports.store import StoreUnavailable
from application.runtime.pacing import give_way, giving_way
from application.runtime.private_files import make_private
from application.storage.shared.read_model_pages import counted, scan_query, where
from application.storage.sqlite.connections import (
    BUSY_SECONDS,
    keep_a_write_ahead_log,
    unavailable,
)
from application.storage.sqlite.damage import Gone

TYPES = {int: "INTEGER", str: "TEXT"}
LOCK = "-lock"
STEPS = 5000
"""After so many steps of a statement that goes through a whole table, it gives way to sales."""
MAPPED_BYTES = 2**40
"""More than any file has: SQLite maps as much of a file into memory as it can."""
SIDE_FILES = ("", "-wal", "-shm", "-journal", LOCK)

TABLES = """
CREATE TABLE progress (
    position INTEGER NOT NULL,
    stopped TEXT,
    log TEXT NOT NULL DEFAULT '',
    hash BLOB NOT NULL DEFAULT x''
);
INSERT INTO progress (position) VALUES (0);
CREATE TABLE ranges (
    number INTEGER PRIMARY KEY,
    lower TEXT NOT NULL,
    upper TEXT,
    facts INTEGER
);
"""
"""`facts` is null for a range that is not loaded yet. `log` and `hash` are those of the event at
the position, or at the one up to which it is being made."""

POINT_COLUMNS = (
    "ALTER TABLE progress ADD COLUMN log TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE progress ADD COLUMN hash BLOB NOT NULL DEFAULT x''",
)
"""What the files of earlier layouts lack."""


class OpenGenerations(dict[tuple[str, int], sqlite3.Connection]):
    """A thread's connections to generations. They end with the thread."""

    def __init__(self, epoch: int) -> None:
        """Connections of one `epoch` of the list of read models."""
        super().__init__()
        self.epoch = epoch

    def add(self, name: str, generation: int, path: str) -> None:
        """Open a generation. Raises `Gone`."""
        self[name, generation] = open_generation(path)

    def close(self, which: Iterable[tuple[str, int]]) -> None:
        """Close some of them, those that are open."""
        for each in which:
            if each in self:
                self.pop(each).close()

    def __del__(self) -> None:
        self.close(list(self))


def create(path: str, table: Table, split_keys: Sequence[str] | None = None) -> None:
    """Make a generation: to be loaded by the ranges between `points`, or ready if that is None."""
    remove(path)
    make_private(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=TRUNCATE")
        db.executescript(TABLES)
        columns = "".join(f"{name} {TYPES[kind]}, " for name, kind in table.columns.items())
        db.execute(
            f"CREATE TABLE {table.name} (key TEXT NOT NULL, {columns}document BLOB NOT NULL)"
        )
        if split_keys is None or table.sums:
            _index(db, table)
        if split_keys is None:
            keep_a_write_ahead_log(db)
        else:
            make_private(path + LOCK)
            db.executemany(
                "INSERT INTO ranges VALUES (?, ?, ?, NULL)",
                (
                    (partition.number, partition.lower, partition.upper)
                    for partition in ranges_between(split_keys)
                ),
            )


def _index(db: sqlite3.Connection, table: Table) -> None:
    """Make the indexes.

    A table without rowid would store wide rows among its keys: twice the size and time.
    """
    name = table.name
    db.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {name}_key ON {name} (key)")
    for index in table.indexes:
        columns = f"{', '.join(index)}, key"
        some = f" WHERE {index[0]} IS NOT NULL" if index[0] in table.sparse else ""
        db.execute(
            f"CREATE INDEX IF NOT EXISTS {name}_{'_'.join(index)} ON {name} ({columns}){some}"
        )


def add_point(path: str) -> None:
    """Add the columns of the log point to a generation of an earlier layout, if it exists."""
    if not Path(path).exists():
        return
    with closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)) as db:
        known = {row[1] for row in db.execute("PRAGMA table_info(progress)")}
        for statement in POINT_COLUMNS:
            if statement.split()[5] not in known:
                db.execute(statement)


def note_point(path: str, point: LogPoint) -> None:
    """Record the log point up to which a generation is going to be made, if it is known."""
    if not point.hash:
        return
    with closing(open_generation(path)) as db, transaction(db):
        db.execute("UPDATE progress SET log = ?, hash = ?", (point.log, point.hash))


def open_generation(path: str) -> sqlite3.Connection:
    """A connection in autocommit mode, for any thread. Raises `Gone`."""
    try:
        db = sqlite3.connect(
            _address(path),
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        db.execute("SELECT position FROM progress").fetchone()
    except sqlite3.OperationalError as error:
        if not os.path.exists(path):  # noqa: PTH110 - a path is a string here, as SQLite has it
            raise Gone(path) from error
        raise StoreUnavailable(f"The read model {path} cannot be used: {error}.") from error
    db.execute("PRAGMA synchronous=NORMAL")
    return db


def _address(path: str) -> str:
    return f"{Path(path).absolute().as_uri()}?mode=rw"


def load(path: str, table: Table, partition: Range, rows: Sequence[Row], events: int) -> bool:
    """Add the rows of a range and record that it is loaded; False if it was loaded already.

    Processes queue for a lock of ours: SQLite would let them poll.
    """
    with _load_lock(path), closing(open_generation(path)) as db:
        db.execute("PRAGMA synchronous=FULL")
        with transaction(db):
            noted = db.execute(
                "UPDATE ranges SET facts = ? WHERE number = ? AND facts IS NULL",
                (events, partition.number),
            )
            if noted.rowcount == 1:
                put(db, table, giving_way(rows), indexed=bool(table.sums))
        return noted.rowcount == 1


def put(db: sqlite3.Connection, table: Table, rows: Iterable[Row], *, indexed: bool) -> None:
    """Add or replace rows; where the table adds up, add their numbers to those there.

    Columns that are fixed are left as they are: SQLite would write their indexes again.
    """
    names = ("key", *table.columns, "document")
    statement = f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own names
    if indexed:
        news = ", ".join(
            f"{name} = {f'{table.name}.{name} + ' if name in table.sums else ''}excluded.{name}"
            for name in names[1:]
            if name not in table.fixed
        )
        statement += f" ON CONFLICT (key) DO UPDATE SET {news}"
    db.executemany(statement, ((row.key, *row.columns, row.document) for row in rows))


def pending(path: str) -> list[Range]:
    """The ranges that are not loaded yet."""
    with closing(open_generation(path)) as db:
        rows = db.execute(
            "SELECT number, lower, upper FROM ranges WHERE facts IS NULL ORDER BY number"
        )
        return [Range(*row) for row in rows]


def loaded(path: str) -> int:
    """How many events were loaded."""
    with closing(open_generation(path)) as db:
        return int(db.execute("SELECT coalesce(sum(facts), 0) FROM ranges").fetchone()[0])


def finish(path: str, table: Table, target: int) -> None:
    """Make a loaded generation ready to be projected into and read. Raises `KeyTwice`."""
    with closing(open_generation(path)) as db:
        db.set_progress_handler(give_way, STEPS)
        db.execute("PRAGMA cache_size=-65536")
        read_without_copies(db)  # each index reads all of the wide rows
        db.execute("PRAGMA threads=2")  # that sort, beside the one that reads
        try:
            with transaction(db):
                _index(db, table)
                db.execute("UPDATE progress SET position = max(position, ?)", (target,))
        except sqlite3.IntegrityError as error:
            key = db.execute(
                f"SELECT key FROM {table.name} GROUP BY key HAVING count(*) > 1 LIMIT 1"  # noqa: S608 - our own names
            ).fetchone()
            raise KeyTwice(table.name, key[0]) from error
        keep_a_write_ahead_log(db)


def read_without_copies(db: sqlite3.Connection) -> None:
    """Let a connection that reads a whole file read it from the system's page cache."""
    db.execute(f"PRAGMA mmap_size={MAPPED_BYTES}")


@contextmanager
def comparison(live: str, new: str, table: Table) -> Iterator[tuple[int, Callable[[], bool]]]:
    """The port's, by a connection to both files: each is read as it is at its first look."""
    with closing(open_generation(live)) as db:
        db.set_progress_handler(give_way, STEPS)
        db.execute("ATTACH ? AS fresh", (_address(new),))
        read_without_copies(db)
        db.execute("BEGIN")
        (position,) = db.execute("SELECT position FROM main.progress").fetchone()
        yield position, lambda: _agree(db, table)


def _agree(db: sqlite3.Connection, table: Table) -> bool:
    """Whether the tables of both files have the same rows."""
    clause = where(counted(table))
    live, fresh = (f"(SELECT * FROM {each}.{table.name} {clause})" for each in ("main", "fresh"))  # noqa: S608 - our own names
    same = " AND ".join(f"l.{name} IS f.{name}" for name in (*table.columns, "document"))
    counts = db.execute(
        f"SELECT (SELECT count(*) FROM {live}), (SELECT count(*) FROM {fresh}),"  # noqa: S608 - as above
        f" (SELECT count(*) FROM {live} l CROSS JOIN {fresh} f ON f.key = l.key WHERE {same})"
    ).fetchone()
    return len(set(counts)) == 1


def remove(path: str) -> None:
    """Remove a generation. Processes that have it open can still read it."""
    for side in SIDE_FILES:
        with suppress(FileNotFoundError):
            os.remove(path + side)  # noqa: PTH107 - see above


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One writing transaction, whole or not at all."""
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        raise unavailable(error) from error
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def _load_lock(path: str) -> Iterator[None]:
    """Queue for the lock of the processes that load a generation."""
    try:
        lock = open(path + LOCK, "rb")  # noqa: PTH123, SIM115 - see above
    except FileNotFoundError as error:
        raise Gone(path) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def stored_rows(
    path: str, table: Table, partition: Range | None
) -> Iterator[tuple[int, Iterator[StoredRow]]]:
    """A generation's position and its rows by key, as they are at this moment."""
    with closing(open_generation(path)) as db:
        read_without_copies(db)
        db.execute("BEGIN")
        (position,) = db.execute("SELECT position FROM progress").fetchone()
        yield position, db.execute(*scan_query(table.name, table, partition, "?"))
