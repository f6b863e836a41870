"""The inline read model of answered requests: the idempotency records that events make."""

from collections.abc import Sequence

from application.ports.read_models import Row, Table
from application.ports.unit_of_work import IdempotencyRecord
from application.runtime.clock import to_ms
from domain.events import Event

TABLE = Table(
    name="requests", columns={"order_id": str, "version": int, "at": int, "fingerprint": str}
)
"""The rows by digest, as people are shown them."""


def records(events: Sequence[Event]) -> list[IdempotencyRecord]:
    """The idempotency records of the requests that brought these events about."""
    return [
        IdempotencyRecord(
            event.idempotency.digest,
            event.idempotency.fingerprint,
            event.originator_id,
            event.originator_version,
            event.at,
        )
        for event in events
        if event.idempotency is not None
    ]


def row_of(record: IdempotencyRecord) -> Row:
    """A record as a row to show."""
    columns = (record.order, record.version, to_ms(record.at), record.fingerprint.hex())
    return Row(record.digest.hex(), columns, b"{}")


def rows(events: Sequence[Event]) -> list[Row]:
    """The same as rows."""
    return [row_of(record) for record in records(events)]
