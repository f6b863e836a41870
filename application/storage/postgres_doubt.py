"""Finds out whether a commit happened whose answer never came."""

from collections.abc import Sequence

from psycopg import errors

from application.clock import to_ms
from application.storage.batch import Draft, facts_of
from application.storage.postgres_batch import PostgresBatch
from application.storage.postgres_connections import Connection, Patience, Readers
from application.storage.postgres_line import Lost
from application.store import StoreUnavailable

DOUBT_SECONDS = 10.0


class OutcomeUnknown(StoreUnavailable):
    """The store went away during the commit and has not come back: it may have happened.

    Only a request with an Idempotency-Key can safely be sent again.
    """


def find_outcome(readers: Readers, batch: PostgresBatch) -> list[int]:
    """The positions that the batch's facts got, if it was committed.

    Raises `Lost` if it was not and never will be: it may be tried again. Raises `OutcomeUnknown`
    while the server cannot be asked.
    """
    patience = Patience(DOUBT_SECONDS)
    drafts = batch.drafts
    while True:
        try:
            if readers.run(lambda connection: _ended(connection, batch)):
                positions = _positions(readers, drafts)
                break
        except StoreUnavailable:
            pass
        if not patience.wait():
            raise OutcomeUnknown("The database went away during a commit.")
    if positions is None:
        raise Lost("The connection ended before the commit.")
    return positions


def _ended(connection: Connection, batch: PostgresBatch) -> bool:
    """Whether the batch's transaction is over. A server session left with it is ended.

    A server that does not know its number yet is not the one it ran on.
    """
    number = str(batch.transaction)
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid = %s AND backend_xid = %s::xid8::xid",
        (batch.backend, number),
    )
    try:
        row = connection.execute("SELECT pg_xact_status(%s::xid8)", (number,)).fetchone()
    except errors.InvalidParameterValue:
        return True
    return row is None or row[0] != "in progress"


def _positions(readers: Readers, drafts: Sequence[Draft]) -> list[int] | None:
    """The positions of the drafts' facts; None if none of it is stored.

    What was stored together is found together, so the first trace decides.
    """
    facts = list(facts_of(drafts))
    if facts:
        rows = readers.rows(
            "SELECT e.notification_id"
            " FROM unnest(%s::text[], %s::bigint[], %s::bytea[]) WITH ORDINALITY"
            " AS w (id, version, state, place)"
            " JOIN orders_events e ON e.originator_id = w.id"
            " AND e.originator_version = w.version AND e.state = w.state ORDER BY w.place",
            (
                [str(fact.originator_id) for fact in facts],
                [fact.originator_version for fact in facts],
                [fact.state for fact in facts],
            ),
        )
        return [row[0] for row in rows] if len(rows) == len(facts) else None
    for draft in drafts:
        for each in draft.answered:
            rows = readers.rows(
                "SELECT 1 FROM requests WHERE digest = %s"
                " AND fingerprint = %s AND order_id = %s AND version = %s AND at = %s",
                (
                    each.digest,
                    each.fingerprint,
                    each.order,
                    each.version,
                    to_ms(each.at),
                ),
            )
            return [] if rows else None
    return None
