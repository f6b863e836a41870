"""Checkpoints, recorded heads, setbacks and verifications, in the tables that both stores have."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec.structs import astuple

from application.ports.integrity_records import (
    Bucket,
    Head,
    Link,
    LinkRow,
    SignedCheckpoint,
    Verification,
    bucket_of,
)
from application.ports.log_point import LogPoint
from application.ports.partitions import Range
from application.storage.shared.database import Database, Dialect, Session, one_of

PUT_HEAD = (
    "INSERT INTO heads (order_id, version, hash, trail) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (order_id) DO UPDATE SET"
    " version = excluded.version, hash = excluded.hash, trail = excluded.trail"
)
OPEN_BUCKET = (
    "INSERT INTO drawers (name, orders, facts) VALUES (?, 0, 0)"
    " ON CONFLICT (name) DO UPDATE SET digest = NULL"
)
FINALISE_BUCKET = "UPDATE drawers SET orders = ?, facts = ?, digest = ? WHERE name = ?"
SEE = (
    "INSERT INTO seen VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " (log, position, hash) = (excluded.log, excluded.position, excluded.hash) RETURNING 1"
)
NOTE_VERIFICATION = (
    "INSERT INTO verification VALUES (1, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " (at, took, position, facts, findings, oversold) = (excluded.at, excluded.took,"
    " excluded.position, excluded.facts, excluded.findings, excluded.oversold)"
)


class IntegrityTables:
    """The port `AuditRecords` (`application/ports/integrity_records.py`).

    `database` has the log and the checkpoints, `heads_database` what was recorded of it.
    Setbacks, claims and new checkpoints differ by store.
    """

    def __init__(self, database: Database, heads_database: Database) -> None:
        self._database = database
        self._heads_database = heads_database
        self._event = _event(database.dialect)
        self._head = _head(database.dialect)
        self._checkpoint = _checkpoint(database.dialect)

    @contextmanager
    def chains(self, partition: Range) -> Iterator[Iterator[LinkRow]]:
        where, values = within("originator_id", partition)
        statement = (
            f"SELECT {self._event} FROM orders_events"  # noqa: S608 - our own words
            f" WHERE {where} ORDER BY originator_id, originator_version"
        )
        with self._database.snapshot() as session:
            yield session.scan(statement, values)

    def links(self, orders: Sequence[str], till: int) -> Mapping[str, Sequence[Link]]:
        """By order, its events with positions up to `till`, by version.

        The plus sign keeps the databases from looking for them by their positions.
        """
        found: defaultdict[str, list[Link]] = defaultdict(list)
        position = self._database.dialect.position
        for condition, some in one_of("originator_id", orders):
            for order, *link in self._database.rows(
                f"SELECT originator_id, originator_version, hash, {position} FROM orders_events"  # noqa: S608 - our own words
                f" WHERE {condition} AND +{position} <= ?"
                " ORDER BY originator_id, originator_version",
                (*some, till),
            ):
                found[order].append(Link(*link))
        return found

    # The recorded heads.

    def recorded(self) -> int:
        return _recorded(self._heads_database)

    def recorded_checkpoint(self) -> int:
        return int(self._heads_database.rows("SELECT checkpoint FROM witness")[0][0])

    def heads(self, orders: Sequence[str]) -> Mapping[str, Head]:
        return {
            row[0]: Head(*row)
            for condition, some in one_of("order_id", orders)
            for row in self._heads_database.rows(f"{self._head} WHERE {condition}", some)
        }

    def heads_of_range(self, partition: Range) -> tuple[int, Mapping[str, Head]]:
        where, values = within("order_id", partition)
        with self._heads_database.snapshot() as session:
            rows = session.rows(f"{self._head} WHERE {where}", values)
            return _recorded(session), {row[0]: Head(*row) for row in rows}

    def record_heads(self, after: int, till: int, heads: Sequence[Head]) -> bool:
        with self._heads_database.transaction() as session:
            if not _moved(session, after, till):
                return False
            session.run_each(PUT_HEAD, map(astuple, heads))
            session.run_each(OPEN_BUCKET, sorted({(bucket_of(head.order),) for head in heads}))
        return True

    def unfinalised(self, limit: int) -> Sequence[str]:
        rows = self._heads_database.rows(
            "SELECT name FROM drawers WHERE digest IS NULL ORDER BY name LIMIT ?", (limit,)
        )
        return [row[0] for row in rows]

    def finalise(self, position: int, buckets: Sequence[Bucket]) -> bool:
        """Store the digests of buckets, if heads are still recorded up to `position`."""
        with self._heads_database.transaction() as session:
            if not _moved(session, position, position):
                return False
            rows = [(each.orders, each.events, each.digest, each.name) for each in buckets]
            session.run_each(FINALISE_BUCKET, rows)
        return True

    def buckets(self) -> tuple[int, Sequence[Bucket]]:
        with self._heads_database.snapshot() as session:
            rows = session.rows(
                "SELECT name, orders, facts, digest FROM drawers"
                " WHERE digest IS NOT NULL ORDER BY name"
            )
            return _recorded(session), [Bucket(*row) for row in rows]

    def forget_recorded_heads(self) -> None:
        with self._heads_database.transaction() as session:
            _forget(session)

    def restart_recorded_heads(self, checkpoint: int) -> None:
        """Drop all recorded heads; go on from a checkpoint."""
        with self._heads_database.transaction() as session:
            _forget(session)
            session.run("UPDATE witness SET checkpoint = ?", (checkpoint,))

    # A log that goes back.

    def seen(self) -> LogPoint | None:
        """The last recorded point of the log, if it was not lost."""
        own = self._heads_database.dialect.as_bytes.format("hash")
        rows = self._heads_database.rows(f"SELECT log, position, {own} FROM seen")  # noqa: S608 - our own words
        return LogPoint(*rows[0]) if rows else None

    def see(self, point: LogPoint) -> None:
        self._heads_database.rows(SEE, (point.log, point.position, point.hash))

    # The last verification.

    def note_verification(self, outcome: Verification) -> None:
        with self._heads_database.transaction() as session:
            session.run(NOTE_VERIFICATION, astuple(outcome))

    def last_verification(self) -> Verification | None:
        rows = self._heads_database.rows(
            "SELECT at, took, position, facts, findings, oversold FROM verification"
        )
        return Verification(*rows[0]) if rows else None

    # Checkpoints.

    def checkpoints(self, after: int = 0) -> Sequence[SignedCheckpoint]:
        statement = f"{self._checkpoint} WHERE number > ? ORDER BY number"
        return [SignedCheckpoint(*row) for row in self._database.rows(statement, (after,))]

    def last_checkpoint(self) -> SignedCheckpoint | None:
        rows = self._database.rows(f"{self._checkpoint} ORDER BY number DESC LIMIT 1")
        return SignedCheckpoint(*rows[0]) if rows else None


def _event(dialect: Dialect) -> str:
    columns = (
        dialect.as_id.format("originator_id"),
        dialect.as_integer.format("originator_version"),
        dialect.as_text.format("topic"),
        dialect.as_bytes.format("state"),
        dialect.position,
        dialect.as_bytes.format("hash"),
    )
    return ", ".join(columns)


def _head(dialect: Dialect) -> str:
    version = dialect.as_integer.format("version")
    own, digest = dialect.as_bytes.format("hash"), dialect.as_bytes.format("trail")
    return f"SELECT order_id, {version}, {own}, {digest} FROM heads"  # noqa: S608 - our own words


def _checkpoint(dialect: Dialect) -> str:
    statement, signature = map(dialect.as_bytes.format, ("statement", "signature"))
    return f"SELECT number, {statement}, {signature} FROM checkpoints"  # noqa: S608 - our own words


def _recorded(session: Session | Database) -> int:
    return int(session.rows("SELECT position FROM witness")[0][0])


def _moved(session: Session, after: int, till: int) -> bool:
    """Record the position `till` if `after` is the recorded one.

    Nobody else can until the transaction ends.
    """
    return session.run("UPDATE witness SET position = ? WHERE position = ?", (till, after)) == 1


def _forget(session: Session) -> None:
    session.run("UPDATE witness SET position = 0")
    session.run("DELETE FROM heads")
    session.run("DELETE FROM drawers")


def within(column: str, partition: Range) -> tuple[str, Sequence[Any]]:
    """The condition that an order is in a range, and its values."""
    if partition.upper is None:
        return f"{column} >= ?", (partition.lower,)
    return f"{column} >= ? AND {column} < ?", (partition.lower, partition.upper)
