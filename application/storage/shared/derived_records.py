"""Records that a store keeps beside the log and could make again from it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from application.ports.derived_records import RecordRow
from application.ports.ticket_lists import Listed
from application.ports.unit_of_work import IdempotencyRecord
from application.runtime.clock import from_ms, to_ms
from application.storage.shared.catalog import read_documents, read_ticket_list
from application.storage.shared.database import Database, Dialect, Session, one_of

PROVEN_FROM = "requests_proven_from"
"""The name of a counter: up to that position, events do not have the digest of their key."""

PUT = (
    "INSERT INTO requests (digest, fingerprint, order_id, version, at) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (digest) DO UPDATE SET fingerprint = excluded.fingerprint,"
    " order_id = excluded.order_id, version = excluded.version, at = excluded.at"
)
REMOVE = "DELETE FROM requests WHERE digest = ? AND order_id = ? AND version = ?"


def _by_order(dialect: Dialect) -> str:
    columns = (
        dialect.as_id.format("order_id"),
        dialect.as_integer.format("version"),
        dialect.bytes_or_null.format("digest"),
        dialect.as_bytes.format("fingerprint"),
        dialect.as_integer.format("at"),
    )
    return f"SELECT {', '.join(columns)} FROM requests ORDER BY 1"  # noqa: S608 - our own names


def _select(dialect: Dialect) -> str:
    fingerprint = dialect.as_bytes.format("fingerprint")
    order, version = dialect.as_text.format("order_id"), dialect.as_integer.format("version")
    return f"SELECT digest, {fingerprint}, {order}, {version}, at FROM requests"  # noqa: S608 - our own names


def _record(row: tuple[Any, ...]) -> IdempotencyRecord:
    digest, fingerprint, order, version, at = row
    return IdempotencyRecord(digest, fingerprint, order, version, from_ms(at))


class DerivedTables:
    """The port `DerivedRecords` (`application/ports/derived_records.py`).

    How numbers and positions are assigned differs by store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._select = _select(database.dialect)

    @contextmanager
    def records_by_order(self) -> Iterator[tuple[int, Iterator[RecordRow]]]:
        with self._database.log_snapshot() as (position, session):
            yield position, session.scan(_by_order(session.dialect))

    @contextmanager
    def catalog_moment(self) -> Iterator["CatalogSnapshot"]:
        with self._database.snapshot() as session:
            yield CatalogSnapshot(session)

    def records(self, digests: Sequence[bytes]) -> Mapping[bytes, IdempotencyRecord]:
        return {
            row[0]: _record(row)
            for condition, some in one_of("digest", digests)
            for row in self._database.rows(f"{self._select} WHERE {condition}", some)
        }

    def records_after(self, digest: bytes, limit: int) -> Sequence[IdempotencyRecord]:
        statement = f"{self._select} WHERE digest > ? ORDER BY digest LIMIT ?"
        return [_record(row) for row in self._database.rows(statement, (digest, limit))]

    def put_records(self, records: Sequence[IdempotencyRecord]) -> None:
        rows = [(r.digest, r.fingerprint, r.order, r.version, to_ms(r.at)) for r in records]
        with self._database.transaction() as session:
            session.run_each(PUT, rows)

    def remove_records(self, records: Sequence[IdempotencyRecord]) -> None:
        """Remove records, if they are still as they were found."""
        with self._database.transaction() as session:
            session.run_each(REMOVE, [(each.digest, each.order, each.version) for each in records])

    def proven_from(self) -> int:
        return self._counter(PROVEN_FROM) or 0

    def _counter(self, name: str) -> int | None:
        rows = self._database.rows("SELECT value FROM counters WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else None


class CatalogSnapshot:
    """The port `CatalogMoment` in a transaction that only reads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def documents(self) -> Mapping[tuple[str, str], bytes]:
        return read_documents(self._session)

    def ticket_lists(self) -> Iterator[tuple[str, bytes]]:
        """The lists as they are stored, read one at a time."""
        for (show,) in self._session.rows("SELECT show_id FROM ticket_lists"):
            stored = read_ticket_list(self._session, show)
            if stored is not None:
                yield show, stored

    def shows(self) -> Sequence[str]:
        """The shows of the rows themselves: an index may still have what a row had before."""
        rows = self._session.rows(
            "SELECT show_id || '', count(seat) FROM tickets GROUP BY show_id || ''"
        )
        return [row[0] for row in rows]

    def rows(self, show: str) -> Sequence[Listed]:
        return self._session.rows(
            "SELECT id, set_id, number, seat FROM tickets WHERE show_id = ? ORDER BY number, id",
            (show,),
        )
