"""PostgreSQL's integrity records: checkpoints, recorded heads, verifications."""

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
    Setback,
    SignedCheckpoint,
    Verification,
    bucket_of,
)
from application.ports.log_point import LogPoint
from application.ports.partitions import Range
from application.runtime.failpoints import reach
from application.storage.postgres.connections import Connection, Readers, streamed
from application.storage.postgres.sessions import take_time

RANGE_ROWS = 5000
EVENTS = (
    "SELECT originator_id, originator_version, topic, state, notification_id, hash"
    " FROM orders_events WHERE {where} ORDER BY originator_id, originator_version"
)
PUT_HEADS = (
    "INSERT INTO heads (order_id, version, hash, trail)"
    " SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bytea[], %s::bytea[])"
    " ON CONFLICT (order_id) DO UPDATE SET"
    " version = excluded.version, hash = excluded.hash, trail = excluded.trail"
)
OPEN_BUCKETS = (
    "INSERT INTO drawers (name, orders, facts) SELECT name, 0, 0 FROM unnest(%s::text[]) name"
    " ON CONFLICT (name) DO UPDATE SET digest = NULL"
)
FINALISE_BUCKETS = (
    "UPDATE drawers d SET orders = w.orders, facts = w.facts, digest = w.digest"
    " FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bytea[])"
    " AS w (name, orders, facts, digest) WHERE d.name = w.name"
)
NOTE_VERIFICATION = (
    b"INSERT INTO verification VALUES (1, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET"
    b" (at, took, position, facts, findings, oversold) = (excluded.at, excluded.took,"
    b" excluded.position, excluded.facts, excluded.findings, excluded.oversold)"
)
CLAIM = (
    "UPDATE counters SET value = w.now + %(most)s"
    " FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now) w"
    " WHERE name = 'checkpointing' AND value NOT BETWEEN w.now AND w.now + %(most)s RETURNING 1"
)


SEE = (
    "INSERT INTO seen VALUES (1, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET"
    " (log, position, hash) = (excluded.log, excluded.position, excluded.hash) RETURNING 1"
)
PUT_SETBACK = (
    "INSERT INTO setbacks VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (id) DO UPDATE SET"
    " (acknowledged_at, acknowledged_by, reason, checkpoint) = (excluded.acknowledged_at,"
    " excluded.acknowledged_by, excluded.reason, excluded.checkpoint) RETURNING 1"
)


class PostgresAudit:
    """The port `AuditRecords` (`application/ports/integrity_records.py`) on PostgreSQL."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @contextmanager
    def _moment(self) -> Iterator[Connection]:
        """Several reads at one moment, however long they take."""
        with self._readers.transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            take_time(connection)
            yield connection

    @contextmanager
    def chains(self, partition: Range) -> Iterator[Iterator[LinkRow]]:
        """The events of a range of orders, by order and version, as they are at one moment."""
        where, values = _within("originator_id", partition)
        with (
            self._moment() as connection,
            connection.cursor(name="chains", binary=True) as cursor,
        ):
            cursor.execute(EVENTS.format(where=where).encode(), values)
            yield streamed(cursor, RANGE_ROWS)

    def links(self, orders: Sequence[str], till: int) -> Mapping[str, Sequence[Link]]:
        """By order, its events with positions up to `till`, by version."""
        found: defaultdict[str, list[Link]] = defaultdict(list)
        for order, *link in self._readers.rows(
            "SELECT originator_id, originator_version, hash, notification_id FROM orders_events"
            " WHERE originator_id = ANY(%s) AND notification_id <= %s"
            " ORDER BY originator_id, originator_version",
            (list(orders), till),
        ):
            found[order].append(Link(*link))
        return found

    def gaps(self, till: int, most: int) -> Sequence[tuple[int, int]]:  # noqa: ARG002 - the port's
        """None: a position that was assigned to an append that rolled back stays empty for good."""
        return ()

    # The recorded heads.

    def recorded_heads_set_aside(self) -> Sequence[str]:
        """None: the recorded heads are in the database itself."""
        return ()

    def recorded(self) -> int:
        """The position up to which heads are recorded."""
        return int(self._readers.rows("SELECT position FROM witness")[0][0])

    def recorded_checkpoint(self) -> int:
        """The highest number of a checkpoint that was stored since the heads are recorded."""
        return int(self._readers.rows("SELECT checkpoint FROM witness")[0][0])

    def heads(self, orders: Sequence[str]) -> Mapping[str, Head]:
        """The recorded heads of these orders."""
        rows = self._readers.rows(
            "SELECT order_id, version, hash, trail FROM heads WHERE order_id = ANY(%s)",
            (list(orders),),
        )
        return {row[0]: Head(*row) for row in rows}

    def heads_of_range(self, partition: Range) -> tuple[int, Mapping[str, Head]]:
        """All recorded heads of a range, and the position up to which they are recorded."""
        where, values = _within("order_id", partition)
        with self._moment() as connection:
            position = _recorded_position(connection)
            rows = connection.execute(
                f"SELECT order_id, version, hash, trail FROM heads WHERE {where}".encode(),  # noqa: S608 - our own words
                values,
                binary=True,
            ).fetchall()
        return position, {row[0]: Head(*row) for row in rows}

    def record_heads(self, after: int, till: int, heads: Sequence[Head]) -> bool:
        """Record heads from `after` up to `till`; False if `after` is not the recorded position."""
        with self._readers.transaction() as connection:
            moved = connection.execute(
                "UPDATE witness SET position = %s WHERE position = %s", (till, after)
            )
            if moved.rowcount != 1:
                return False
            if heads:
                rows = [
                    (head.order, head.version, head.hash, head.position_digest) for head in heads
                ]
                connection.execute(PUT_HEADS, [list(each) for each in zip(*rows, strict=True)])
                names = {bucket_of(head.order) for head in heads}
                connection.execute(OPEN_BUCKETS, (sorted(names),))
        return True

    def unfinalised(self, limit: int) -> Sequence[str]:
        """Buckets whose heads have changed since their digests were stored."""
        rows = self._readers.rows(
            "SELECT name FROM drawers WHERE digest IS NULL ORDER BY name LIMIT %s", (limit,)
        )
        return [row[0] for row in rows]

    def finalise(self, position: int, buckets: Sequence[Bucket]) -> bool:
        """Store the digests of buckets, if heads are still recorded up to `position`."""
        rows = [(each.name, each.orders, each.events, each.digest) for each in buckets]
        with self._readers.transaction() as connection:
            row = connection.execute("SELECT position FROM witness FOR UPDATE").fetchone()
            if row != (position,):
                return False
            connection.execute(FINALISE_BUCKETS, [list(each) for each in zip(*rows, strict=True)])
        return True

    def buckets(self) -> tuple[int, Sequence[Bucket]]:
        """All finalised buckets by name, and the recorded position."""
        with self._moment() as connection:
            position = _recorded_position(connection)
            rows = connection.execute(
                "SELECT name, orders, facts, digest FROM drawers"
                " WHERE digest IS NOT NULL ORDER BY name"
            ).fetchall()
        return position, [Bucket(*row) for row in rows]

    def forget_recorded_heads(self) -> None:
        """Drop all recorded heads."""
        with self._readers.transaction() as connection:
            connection.execute("UPDATE witness SET position = 0")
            connection.execute("DELETE FROM heads")
            connection.execute("DELETE FROM drawers")

    def restart_recorded_heads(self, checkpoint: int) -> None:
        """Drop all recorded heads; go on from a checkpoint."""
        with self._readers.transaction() as connection:
            connection.execute("UPDATE witness SET position = 0, checkpoint = %s", (checkpoint,))
            connection.execute("DELETE FROM heads")
            connection.execute("DELETE FROM drawers")

    # A log that goes back.

    def seen(self) -> LogPoint | None:
        """How far the log was seen, as far as the server has not forgotten that as well."""
        rows = self._readers.rows("SELECT log, position, hash FROM seen")
        return LogPoint(*rows[0]) if rows else None

    def see(self, point: LogPoint) -> None:
        """Remember how far the log is."""
        self._readers.rows(SEE, (point.log, point.position, point.hash))

    def setbacks(self) -> Sequence[Setback]:
        """All setbacks, oldest first."""
        rows = self._readers.rows("SELECT * FROM setbacks ORDER BY at, id")
        return [Setback(*row) for row in rows]

    def note_setback(self, setback: Setback) -> None:
        """Keep a setback, in the place of the one with its id."""
        self._readers.rows(PUT_SETBACK, astuple(setback))

    # The last verification.

    def note_verification(self, outcome: Verification) -> None:
        """Store the outcome of a verification, in the place of the one before."""
        with self._readers.transaction() as connection:
            connection.execute(NOTE_VERIFICATION, astuple(outcome))

    def last_verification(self) -> Verification | None:
        """The outcome of the last verification."""
        rows = self._readers.rows(
            "SELECT at, took, position, facts, findings, oversold FROM verification"
        )
        return Verification(*rows[0]) if rows else None

    # Checkpoints.

    def claim(self, seconds: float) -> bool:
        """Claim the making of the next checkpoint, for so long by the server's clock."""
        return bool(self._readers.rows(CLAIM, {"most": int(seconds * 1000)}))

    def release(self) -> None:
        """Let others make the next checkpoint."""
        self._readers.rows("UPDATE counters SET value = 0 WHERE name = 'checkpointing' RETURNING 1")

    def checkpoints(self, after: int = 0) -> Sequence[SignedCheckpoint]:
        """The checkpoints with numbers beyond `after`, by number."""
        rows = self._readers.rows(
            "SELECT number, statement, signature FROM checkpoints"
            " WHERE number > %s ORDER BY number",
            (after,),
        )
        return [SignedCheckpoint(*row) for row in rows]

    def last_checkpoint(self) -> SignedCheckpoint | None:
        """The checkpoint with the highest number."""
        rows = self._readers.rows(
            "SELECT number, statement, signature FROM checkpoints ORDER BY number DESC LIMIT 1"
        )
        return SignedCheckpoint(*rows[0]) if rows else None

    def add_checkpoint(self, checkpoint: SignedCheckpoint) -> bool:
        """Keep a checkpoint; False if there is one with its number."""
        with self._readers.acknowledged() as connection:
            added = connection.execute(
                "INSERT INTO checkpoints VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (checkpoint.number, checkpoint.statement, checkpoint.signature),
            )
            connection.execute(
                "UPDATE witness SET checkpoint = greatest(checkpoint, %s)", (checkpoint.number,)
            )
        reach("checkpoint.stored")
        return added.rowcount == 1


def _recorded_position(connection: Connection) -> int:
    row = connection.execute("SELECT position FROM witness").fetchone()
    return 0 if row is None else int(row[0])


def _within(column: str, partition: Range) -> tuple[str, dict[str, Any]]:
    """The condition that an order is in a range, and its values."""
    values = {"lower": partition.lower, "upper": partition.upper}
    if partition.upper is None:
        return f"{column} >= %(lower)s", values
    return f"{column} >= %(lower)s AND {column} < %(upper)s", values
