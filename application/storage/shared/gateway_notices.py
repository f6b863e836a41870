"""The notices of gateways: a table beside the log."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from application.ports.admin_trail import Deed
from application.ports.gateway_notices import GatewayNotice, KeptNotice, NoticeState
from application.ports.partitions import Range
from application.runtime.clock import from_ms, to_ms
from application.storage.shared.admin_trail import record
from application.storage.shared.batch import PendingWrites
from application.storage.shared.database import Database, Dialect
from application.storage.shared.integrity_records import within

COLUMNS = "digest, system, notice, type, came_at, body, state, order_id, resolved_at, resolved_by"
WAITS = f"state IN ('{NoticeState.PENDING}', '{NoticeState.UNKNOWN_BUYER}')"
"""As the partial indexes have it, word for word: SQLite uses them for nothing else."""
KEPT_AGAIN = "ON CONFLICT (order_id, digest) DO UPDATE SET state = excluded.state"
"""A notice whose idempotency record was lost may be decided about anew, and fails no batch."""
NOBODY = ""
"""The order of a notice that names none."""
_SELECT = f"SELECT {COLUMNS} FROM gateway_notices"  # noqa: S608 - our own names
_FIND = (
    f"{_SELECT} WHERE digest = ? AND {WAITS}"  # noqa: S608 - our own names
    f" UNION ALL {_SELECT} WHERE (order_id, digest) IN"
    f" (SELECT order_id, digest FROM requests WHERE digest = ?) AND NOT {WAITS}"
)
"""One that waits is found by its digest alone, others by the order that decided about them."""
_FROM_THE_START = (0, b"")


class GatewayNotices:
    """The port `NoticeRecords` (`application/ports/gateway_notices.py`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, notice: GatewayNotice) -> bool:
        """Keep a notice in a transaction of its own; False if its id was used before."""
        with self._database.acknowledged() as session:
            session.lock_request(notice.digest)
            if session.rows("SELECT 1 FROM requests WHERE digest = ?", (notice.digest,)):
                return False
            return bool(
                session.run(
                    f"INSERT INTO gateway_notices ({COLUMNS})"  # noqa: S608 - our own names
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    row_of(notice),
                )
            )

    def find(self, digest: bytes) -> GatewayNotice | None:
        """The notice with this digest."""
        return next(iter(self._found(_FIND, digest, digest)), None)

    def pending(
        self, limit: int, after: tuple[datetime, bytes] | None = None
    ) -> list[GatewayNotice]:
        """At most `limit` notices that wait for their order to decide, oldest first."""
        return self._waiting(NoticeState.PENDING, after, limit)

    def find_no_buyer(self, notice: GatewayNotice) -> None:
        """Note that nobody is known as the buyer of this notice, if it was pending."""
        unknown, pending = NoticeState.UNKNOWN_BUYER.value, NoticeState.PENDING.value
        with self._database.transaction() as session:
            session.lock_request(notice.digest)
            session.run(
                "UPDATE gateway_notices SET state = ?, order_id = ?"  # noqa: S608 - our own names
                f" WHERE digest = ? AND {WAITS} AND state = ? AND body = ?",
                (unknown, NOBODY, notice.digest, pending, notice.body),
            )

    def unknown(self, after: tuple[datetime, bytes] | None, limit: int) -> list[GatewayNotice]:
        """At most `limit` unresolved notices whose buyer is not known, oldest first."""
        return self._waiting(NoticeState.UNKNOWN_BUYER, after, limit)

    def _waiting(
        self, state: NoticeState, after: tuple[datetime, bytes] | None, limit: int
    ) -> list[GatewayNotice]:
        came_at, digest = _FROM_THE_START if after is None else (to_ms(after[0]), after[1])
        return self._found(
            f"{_SELECT} WHERE {WAITS} AND state = ? AND resolved_at IS NULL"
            " AND (came_at, digest) > (?, ?) ORDER BY came_at, digest LIMIT ?",
            state.value,
            came_at,
            digest,
            limit,
        )

    def of_order(self, order: str) -> list[GatewayNotice]:
        """The notices about an order, oldest first."""
        return self._found(f"{_SELECT} WHERE order_id = ? ORDER BY came_at, digest", order)

    def of_range(self, partition: Range) -> list[KeptNotice]:
        """The notices about the orders of a range, by order."""
        where, values = within("order_id", partition)  # beyond those of nobody
        names = [name for name, _, _ in _KEPT]
        return [
            KeptNotice(**dict(zip(names, row, strict=True)))
            for row in self._database.rows(
                f"{_kept(self._database.dialect)} WHERE order_id > ? AND {where}"
                " ORDER BY order_id, came_at",
                (NOBODY, *values),
            )
        ]

    def waiting_by_state(self, came_till: datetime) -> dict[NoticeState, int]:
        """How many unresolved notices have an unknown buyer, and how many are pending."""
        rows = self._database.rows(
            f"SELECT state, count(*) FROM gateway_notices WHERE {WAITS}"  # noqa: S608 - our own names
            " AND resolved_at IS NULL AND (state = ? OR came_at <= ?) GROUP BY state",
            (NoticeState.UNKNOWN_BUYER.value, to_ms(came_till)),
        )
        return {NoticeState(state): count for state, count in rows}

    def of_nobody(self) -> int:
        """How many notices name no order."""
        rows = self._database.rows(
            "SELECT count(*) FROM gateway_notices WHERE order_id = ?", (NOBODY,)
        )
        return int(rows[0][0])

    def resolve(self, digest: bytes, deed: Deed) -> bool:
        """Note that a person has resolved a notice, with the `deed` in the administrative trail."""
        with self._database.transaction() as session:
            session.lock_request(digest)
            resolved = session.run(
                "UPDATE gateway_notices SET resolved_at = ?, resolved_by = ?"  # noqa: S608 - our own names
                f" WHERE digest = ? AND {WAITS} AND resolved_at IS NULL",
                (to_ms(deed.at), deed.actor, digest),
            )
            if resolved:
                record(session, deed)
            return bool(resolved)

    def _found(self, statement: str, *values: Any) -> list[GatewayNotice]:
        return [notice_of(row) for row in self._database.rows(statement, values)]


_KEPT = (
    ("order", "as_id", "order_id"),
    ("digest", "as_bytes", "digest"),
    ("system", "as_text", "system"),
    ("id", "as_text", "notice"),
    ("type", "as_text", "type"),
    ("body", "as_bytes", "body"),
    ("state", "as_text", "state"),
)
"""The fields of a notice to be verified: by which cast, and of which column."""


def _kept(dialect: Dialect) -> str:
    columns = (getattr(dialect, cast).format(column) for _, cast, column in _KEPT)
    return f"SELECT {', '.join(columns)} FROM gateway_notices"  # noqa: S608 - our own names


def notice_of(row: Sequence[Any]) -> GatewayNotice:
    """The notice of a row."""
    digest, system, notice, kind, came_at, body, state, order, resolved_at, resolved_by = row
    return GatewayNotice(
        digest=bytes(digest),
        system=system,
        notice=notice,
        type=kind,
        came_at=from_ms(came_at),
        body=bytes(body),
        state=NoticeState(state),
        order=order or None,
        resolved_at=None if resolved_at is None else from_ms(resolved_at),
        resolved_by=resolved_by,
    )


def row_of(notice: GatewayNotice) -> tuple[Any, ...]:
    """The row of a notice."""
    resolved_at = None if notice.resolved_at is None else to_ms(notice.resolved_at)
    return (
        notice.digest,
        notice.system,
        notice.notice,
        notice.type,
        to_ms(notice.came_at),
        notice.body,
        notice.state.value,
        notice.order or NOBODY,
        resolved_at,
        notice.resolved_by,
    )


def notices_of(pending_writes: Iterable[PendingWrites]) -> list[GatewayNotice]:
    """The notices of pending writes, in their order."""
    return [each.notice for each in pending_writes if each.notice is not None]


def waited_of(pending_writes: Iterable[PendingWrites]) -> list[bytes]:
    """The digests of those of them that waited: their orders have them now."""
    return [
        each.notice.digest for each in pending_writes if each.waited and each.notice is not None
    ]
