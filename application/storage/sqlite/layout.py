"""The tables of the embedded store's two files, and the steps from one layout to the next."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import msgspec
from eventsourcing.persistence import StoredEvent

from application.event_log.hash_chain import links
from application.event_log.idempotency import key_digest
from application.ports.order_numbers import FIRST_NUMBER
from application.ports.store import LayoutTooNew, StoreUnavailable
from application.ports.ticket_lists import packed
from application.runtime.failpoints import reach
from application.storage.sqlite.generations import add_point

Step = str | Callable[[sqlite3.Connection], None]

LOG_TABLES = f"""
CREATE TABLE orders_events (
    rowid INTEGER PRIMARY KEY,
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    UNIQUE (originator_id, originator_version)
);
CREATE TABLE requests (
    partner TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    order_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (partner, key)
) WITHOUT ROWID;
CREATE TABLE tickets (
    id TEXT PRIMARY KEY,
    show_id TEXT NOT NULL,
    set_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    seat BLOB NOT NULL,
    shuffle INTEGER NOT NULL,
    order_id TEXT,
    held_till INTEGER
) WITHOUT ROWID;
CREATE INDEX tickets_by_show ON tickets (show_id, number);
CREATE INDEX tickets_vacant ON tickets (set_id, shuffle) WHERE order_id IS NULL;
CREATE INDEX tickets_held ON tickets (set_id, held_till, order_id)
    WHERE held_till IS NOT NULL;
CREATE TABLE catalog (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counters VALUES ('layout', 1), ('catalog', 0), ('number', {FIRST_NUMBER - 1});
"""  # noqa: S608 - our own number
"""Layout 1. `shuffle` is a random place among the tickets of a set: a pick starts at a random
place there. A ticket without an order is vacant; with one it is held until `held_till`
(milliseconds since the epoch), or sold when that is NULL."""

ATTEMPTS = """
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    actor TEXT NOT NULL,
    request TEXT NOT NULL,
    code TEXT NOT NULL,
    wanted BLOB NOT NULL,
    about BLOB NOT NULL
);
CREATE INDEX attempts_by_order ON attempts (order_id, at);
CREATE INDEX attempts_by_age ON attempts (at);
"""
"""What was refused, for thirty days: not part of the log."""


def chain_events(connection: sqlite3.Connection) -> None:
    """Give every event its hash, over its predecessor's (`application/event_log/hash_chain.py`)."""
    connection.execute("ALTER TABLE orders_events ADD COLUMN hash BLOB NOT NULL DEFAULT x''")
    place: tuple[str, int] = ("", 0)
    heads: dict[str, bytes] = {}
    while True:
        rows = connection.execute(
            "SELECT originator_id, originator_version, topic, state, rowid FROM orders_events"
            " WHERE (originator_id, originator_version) > (?, ?)"
            " ORDER BY originator_id, originator_version LIMIT 1000",
            place,
        ).fetchall()
        if not rows:
            return
        hashes = links([StoredEvent(*row[:4]) for row in rows], heads)
        connection.executemany(
            "UPDATE orders_events SET hash = ? WHERE rowid = ?",
            [(own, row[4]) for own, row in zip(hashes, rows, strict=True)],
        )
        place = rows[-1][:2]
        heads = {place[0]: hashes[-1]}


PROVEN_FROM = "requests_proven_from"
"""The counter of the last position up to which events do not say by which key they came."""

DIGESTED_REQUESTS = f"""
ALTER TABLE requests RENAME TO requests_by_key;
CREATE TABLE requests (
    digest BLOB PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    order_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO requests
    SELECT key_digest(partner, key), fingerprint, order_id, version, at FROM requests_by_key;
DROP TABLE requests_by_key;
INSERT INTO counters
    SELECT '{PROVEN_FROM}', coalesce(max(rowid), 0) FROM orders_events;
"""  # noqa: S608 - our own name


def digest_requests(connection: sqlite3.Connection) -> None:
    """Name idempotency records by their keys' digests (`application/event_log/idempotency.py`)."""
    connection.create_function("key_digest", 2, key_digest, deterministic=True)
    _run(connection, DIGESTED_REQUESTS)


TICKET_LISTS = """
CREATE TABLE ticket_lists (
    show_id TEXT PRIMARY KEY,
    tickets BLOB NOT NULL
) WITHOUT ROWID;
"""
"""Which tickets each show has, as the catalogue made them (`application/ports/ticket_lists.py`)."""


def list_tickets(connection: sqlite3.Connection) -> None:
    """List the tickets that there are: from now on they are held against the lists."""
    _run(connection, TICKET_LISTS)
    shows = connection.execute("SELECT DISTINCT show_id FROM tickets").fetchall()
    for (show,) in shows:
        rows = connection.execute(
            "SELECT id, set_id, number, seat FROM tickets WHERE show_id = ?", (show,)
        ).fetchall()
        connection.execute("INSERT INTO ticket_lists VALUES (?, ?)", (show, packed(rows)))


CHECKPOINTS = """
CREATE TABLE checkpoints (
    number INTEGER PRIMARY KEY,
    statement BLOB NOT NULL,
    signature BLOB NOT NULL
);
INSERT INTO counters VALUES ('checkpointing', 0);
"""
"""`checkpointing` is until when (milliseconds) a process has the making of the next one."""

LOG_ID_BYTES = 16


def identify_log(connection: sqlite3.Connection) -> None:
    """Give the log an id of its own, by which its companion files and backups know it."""
    connection.execute("CREATE TABLE log_identity (id TEXT NOT NULL)")
    connection.execute("INSERT INTO log_identity VALUES (?)", (secrets.token_hex(LOG_ID_BYTES),))


SETBACKS = """
CREATE TABLE setbacks (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    seen_by TEXT NOT NULL,
    log TEXT NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL,
    found_log TEXT NOT NULL,
    found_position INTEGER NOT NULL,
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    reason TEXT,
    checkpoint INTEGER
) WITHOUT ROWID;
"""
"""When the log was found to have gone back, who acknowledged that, and which checkpoint names it.
It is kept in the log's file and in the witness's: one of them may go back, too."""

SEEN = """
CREATE TABLE seen (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    log TEXT NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL
);
"""
"""How far the log was seen, and which event was there."""
LOG_IDENTITY = "CREATE TABLE log_identity (id TEXT NOT NULL);"
"""In a companion: the id of the log that it belongs to (`sqlite_belonging.py`)."""

RECORDED_HEADS_TABLES = """
CREATE TABLE witness (
    position INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL
);
INSERT INTO witness VALUES (0, 0);
CREATE TABLE heads (
    order_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    hash BLOB NOT NULL,
    trail BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE drawers (
    name TEXT PRIMARY KEY,
    orders INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    digest BLOB
) WITHOUT ROWID;
CREATE INDEX drawers_unsealed ON drawers (name) WHERE digest IS NULL;
"""
"""How all orders' chains ended at a position, and the highest number of a checkpoint that was kept
meanwhile. `digest` is null for a drawer whose heads have
changed since it was worked out."""

VERIFICATION = """
CREATE TABLE verification (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL,
    took INTEGER NOT NULL,
    position INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    oversold INTEGER NOT NULL
);
"""
"""What came of the last verification of the log."""

VIEWS_TABLES = """
CREATE TABLE read_models (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    position INTEGER NOT NULL,
    live INTEGER NOT NULL,
    stopped TEXT,
    PRIMARY KEY (name, generation)
) WITHOUT ROWID;
"""
"""Layout 1."""

PROJECTORS = """
ALTER TABLE read_models ADD COLUMN feeder TEXT;
ALTER TABLE read_models ADD COLUMN fed_till INTEGER;
"""
"""Who feeds a read model, and until when (milliseconds) others leave that to it."""


GENERATIONS = """
CREATE TABLE read_models (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    live INTEGER NOT NULL,
    shape TEXT NOT NULL,
    code TEXT,
    target INTEGER,
    feeder TEXT,
    fed_till INTEGER,
    PRIMARY KEY (name, generation)
) WITHOUT ROWID;
CREATE TABLE generations (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) WITHOUT ROWID;
"""
"""Each generation has a file of its own, with its rows and its position (`sqlite_generations.py`).
`target` is the position up to which one is being made, by `code`; it is null once that is done.
`last` is the highest number that a generation ever had: one is never given twice, so that a process
that is late cannot write into another generation than it meant."""


STOPPED_SINCE = """
ALTER TABLE read_models ADD COLUMN stopped_since INTEGER;
"""
"""Since when (milliseconds) a read model stands still. It means nothing for one that does not."""


AWAITED = """
ALTER TABLE read_models ADD COLUMN awaited INTEGER NOT NULL DEFAULT 0;
"""
"""Up to which position one that was begun anew is not read."""


def _add_points(connection: sqlite3.Connection) -> None:
    """Let each generation note which event of which log is at its position."""
    _run(connection, AWAITED)
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    for name, generation in connection.execute("SELECT name, generation FROM read_models"):
        add_point(f"{path}-{name}-{generation}")


def _begin_read_models_anew(connection: sqlite3.Connection) -> None:
    """Drop what was made of the log: the read models are filled again."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in tables:
        connection.execute(f"DROP TABLE {name}")
    _run(connection, GENERATIONS)


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
    LOG_TABLES,
    MappingProxyType(
        {
            2: ATTEMPTS,
            3: chain_events,
            4: CHECKPOINTS,
            5: identify_log,
            6: SETBACKS,
            7: digest_requests,
            8: list_tickets,
        }
    ),
    _log_layout,
    _note_log_layout,
)
VIEWS = File(
    VIEWS_TABLES,
    MappingProxyType(
        {
            2: PROJECTORS,
            3: _begin_read_models_anew,
            4: STOPPED_SINCE,
            5: LOG_IDENTITY,
            6: _add_points,
        }
    ),
    _views_layout,
    _note_views_layout,
)


RECORDED_HEADS = File(
    RECORDED_HEADS_TABLES,
    MappingProxyType({2: VERIFICATION, 3: LOG_IDENTITY, 4: SEEN + SETBACKS}),
    _recorded_heads_layout,
    _note_views_layout,
)


def lay_out(connection: sqlite3.Connection, file: File) -> None:
    """Bring a file's tables to this version's layout, whoever else may be starting now.

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
        _run(connection, file.tables)
        known = 1
    if known > file.newest:
        raise LayoutTooNew(known, file.newest)
    for number in range(known + 1, file.newest + 1):
        step = file.steps[number]
        if isinstance(step, str):
            _run(connection, step)
        else:
            step(connection)
        reach("upgrade.step")
    file.note(connection, file.newest)
    reach("upgrade.before_commit")


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Run SQL inside the open transaction, which `executescript` would end."""
    for statement in _statements(script):
        connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """The script's statements; each ends at the end of a line."""
    statement = ""
    for connection in script.splitlines(keepends=True):
        statement += connection
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def is_unfinished_copy(log: sqlite3.Connection) -> bool:
    """Whether a log that is laid out is a copy that was begun and not finished."""
    found = log.execute("SELECT 1 FROM counters WHERE name = 'copying'").fetchone()
    return found is not None
