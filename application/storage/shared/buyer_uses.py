"""The rows of the uses of a promo code that one buyer has: made when the buyer first asks."""

from application.storage.shared.database import Database, Session
from application.storage.shared.ticket_places import any_place

COUNT = "SELECT count(*), coalesce(max(number), 0) FROM tickets WHERE set_id = ?"
ADD = (
    "INSERT INTO tickets (id, show_id, set_id, number, seat, shuffle) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO NOTHING"
)
REMOVE = (
    "DELETE FROM tickets WHERE order_id IS NULL AND id IN (SELECT id FROM tickets"
    " WHERE set_id = ? AND order_id IS NULL ORDER BY number DESC LIMIT ?)"
)


class BuyerUses:
    """Makes as many rows as a buyer may use a code."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def provide(self, show: str, uses: str, most: int) -> None:
        """See `Store.provide_uses`."""
        if self._database.rows(COUNT, (uses,))[0][0] != most:
            with self._database.transaction() as session:
                _provide(session, show, uses, most)


def _provide(session: Session, show: str, uses: str, most: int) -> None:
    count, highest = session.rows(COUNT, (uses,))[0]
    numbers = range(highest + 1, highest + 1 + most - count)
    session.run_each(
        ADD,
        [(f"{uses}/{n}", show, uses, n, b"{}", any_place()) for n in numbers],
    )
    if count > most:
        session.run(REMOVE, (uses, count - most))
