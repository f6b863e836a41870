"""The inline read model of answered requests: the idempotency records that events make."""

from collections.abc import Sequence

from application.ports.read_models import Row, Table
from application.ports.unit_of_work import Answered
from application.runtime.clock import to_ms
from domain.events import Fact

TABLE = Table(
    name="requests",
    columns={"order_id": str, "version": int, "at": int, "fingerprint": str},
)
"""The rows by digest, as people are shown them."""


def records(facts: Sequence[Fact]) -> list[Answered]:
    """The idempotency records of the requests that brought these events about."""
    return [
        Answered(
            fact.idempotency.digest,
            fact.idempotency.fingerprint,
            fact.originator_id,
            fact.originator_version,
            fact.at,
        )
        for fact in facts
        if fact.idempotency is not None
    ]


def row_of(record: Answered) -> Row:
    """A record as a row to show."""
    columns = (record.order, record.version, to_ms(record.at), record.fingerprint.hex())
    return Row(record.digest.hex(), columns, b"{}")


def rows(facts: Sequence[Fact]) -> list[Row]:
    """The same as rows."""
    return [row_of(record) for record in records(facts)]
