"""The rows of tickets: picking vacant ones, and what orders' new events do to them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from application.ports.tickets import Ticket
from application.ports.unit_of_work import TicketChange
from application.runtime.clock import from_ms, to_ms
from application.storage.postgres.connections import Readers
from application.storage.postgres.pipeline import Call, Rows, Statement, integers, texts
from application.storage.postgres.pipeline import integer_of as number
from application.storage.shared.ticket_places import any_place
from application.storage.shared.ticket_rows import COLUMNS, in_statuses, optional_moment, ticket_of

OVERDUE_AT_ONCE = 100

VACANT_UNTIL = (
    "SELECT w.set_id,"
    " (SELECT count(*) FROM tickets t WHERE t.set_id = w.set_id AND t.order_id IS NULL)"
    " + (SELECT count(*) FROM tickets t"
    " WHERE t.set_id = w.set_id AND t.held_till <= %(now)s AND t.order_id IS NOT NULL),"
    " (SELECT min(t.held_till) FROM tickets t"
    " WHERE t.set_id = w.set_id AND t.held_till > %(now)s)"
    " FROM unnest(%(sets)s::text[]) AS w (set_id)"
)
"""Reads the indexes of vacant and of held tickets, and few rows of tickets."""

_VACANT = (
    "SELECT * FROM (SELECT t.id FROM tickets t"
    " WHERE t.set_id = w.set_id AND t.order_id IS NULL AND t.shuffle {side} w.start"
    " ORDER BY t.shuffle LIMIT w.count FOR UPDATE SKIP LOCKED) {side_name}"
)

PICK = Statement(
    b"pick",
    (
        "WITH wanted AS (SELECT * FROM"  # noqa: S608 - fixed words
        " unnest($1::text[], $2::bigint[], $3::bigint[]) AS w (set_id, start, count)),"
        " picked AS MATERIALIZED (SELECT w.set_id, p.id FROM wanted w CROSS JOIN LATERAL ("
        + _VACANT.format(side=">=", side_name="beyond")
        + " UNION ALL "
        + _VACANT.format(side="<", side_name="before")
        + " LIMIT w.count) p)"
        " SELECT set_id, id, NULL::bigint FROM picked UNION ALL SELECT w.set_id, NULL,"
        " (SELECT count(*) FROM (SELECT FROM tickets t"
        " WHERE t.set_id = w.set_id AND t.order_id IS NULL LIMIT w.count) vacant)"
        " FROM wanted w WHERE (SELECT count(*) FROM picked p WHERE p.set_id = w.set_id) < w.count"
    ).encode(),
)
"""Locks and returns vacant tickets of each set, from a random place on and around; none that
another batch has locked. The second half runs only where the first found too few. For a set of
which that are too few, too, there is a row with the number of its vacant tickets, locked ones too,
counted up to the number wanted."""

CLAIM = Statement(
    b"claim",
    b"SELECT id FROM tickets WHERE id = ANY($1::text[]) AND order_id IS NULL"
    b" FOR UPDATE SKIP LOCKED",
)
"""Locks those of the wanted seats that are vacant. Only vacant tickets are ever locked for what
they may become: a ticket with an order changes only under that order's own lock."""

SEATS = Statement(
    b"seats",
    f"SELECT {COLUMNS} FROM tickets WHERE id = ANY($1::text[])".encode(),  # noqa: S608 - fixed names
)

_REFUSE_LOST = (
    b" SELECT orders_refuse_lost(array_agg(id)) FROM"
    b" (SELECT unnest($1::text[]) EXCEPT SELECT id FROM done) AS lost (id) HAVING count(*) > 0"
)

FREE = Statement(
    b"free",
    b"WITH done AS (UPDATE tickets t SET order_id = NULL, held_till = NULL"
    b" FROM unnest($1::text[], $2::text[]) AS w (id, order_id)"
    b" WHERE t.id = w.id AND t.order_id = w.order_id RETURNING t.id)" + _REFUSE_LOST,
)

KEEP = Statement(
    b"keep",
    b"WITH done AS (UPDATE tickets t SET held_till = w.held_till"
    b" FROM unnest($1::text[], $2::text[], $3::bigint[]) AS w (id, order_id, held_till)"
    b" WHERE t.id = w.id AND t.order_id = w.order_id AND t.held_till IS DISTINCT FROM w.held_till"
    b" RETURNING t.id)"
    b" SELECT orders_refuse_lost(array_agg(w.id))"
    b" FROM unnest($1::text[], $2::text[]) AS w (id, order_id)"
    b" WHERE (SELECT count(*) FROM done) < cardinality($1) AND NOT EXISTS"
    b" (SELECT FROM tickets t WHERE t.id = w.id AND t.order_id = w.order_id)"
    b" HAVING count(*) > 0",
)

TAKE = Statement(
    b"take",
    b"WITH done AS (UPDATE tickets t SET order_id = w.order_id, held_till = w.held_till"
    b" FROM unnest($1::text[], $2::text[], $3::bigint[]) AS w (id, order_id, held_till)"
    b" WHERE t.id = w.id AND t.order_id IS NULL RETURNING t.id)" + _REFUSE_LOST,
)


MAKE = Statement(
    b"make",
    b"INSERT INTO tickets (id, show_id, set_id, number, seat, shuffle)"
    b" SELECT id, show_id, set_id, number, '{}'::bytea, number"
    b" FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS w"
    b" (id, show_id, set_id, number) ORDER BY id ON CONFLICT (id) DO NOTHING",
)
"""Makes rows that there are not yet. Where another batch makes one of them, it is waited for; then
that batch has taken it, and `TAKE` fails."""


def make_calls(made: Sequence[tuple[str, str, str, int]]) -> list[Call]:
    """The call that makes rows of tickets, if there are any to make."""
    if not made:
        return []
    ids, shows, sets, numbers = zip(*made, strict=True)
    return [Call(MAKE, (texts(ids), texts(shows), texts(sets), integers(numbers)))]


def pick_call(wanted: dict[str, int]) -> Call:
    """The call that picks as many vacant tickets of each set as wanted."""
    starts = [any_place() for _ in wanted]
    return Call(PICK, (texts(wanted), integers(starts), integers(wanted.values())))


class Columns(NamedTuple):
    """Tickets with their orders, and until when they are held."""

    ids: list[str]
    orders: list[str]
    tills: list[int | None]

    def add(self, tickets: Sequence[str], order: str, till: int | None) -> None:
        """Add an order's tickets."""
        if tickets:
            self.ids.extend(tickets)
            self.orders.extend([order] * len(tickets))
            self.tills.extend([till] * len(tickets))


def change_calls(changes: Iterable[TicketChange]) -> list[Call]:
    """The calls that write what the events of orders change in the rows of tickets: frees first.

    They fail, and so does all that follows, if a ticket to take has an order already, or a ticket
    to change does not belong to the order.
    """
    freed, kept, taken = Columns([], [], []), Columns([], [], []), Columns([], [], [])
    for change in changes:
        till = None if change.held_till is None else to_ms(change.held_till)
        freed.add(change.freed, change.order, till)
        kept.add(change.kept, change.order, till)
        taken.add(change.taken, change.order, till)
    calls = []
    if freed.ids:
        calls.append(Call(FREE, (texts(freed.ids), texts(freed.orders))))
    for statement, each in ((KEEP, kept), (TAKE, taken)):
        if each.ids:
            values = (texts(each.ids), texts(each.orders), integers(each.tills))
            calls.append(Call(statement, values))
    return calls


def raw_tickets(rows: Rows) -> list[Ticket]:
    """Tickets from the raw bytes of their columns."""
    return [
        Ticket(
            row[0].decode(),
            row[1].decode(),
            row[2].decode(),
            number(row[3]),
            row[4],
            None if row[5] is None else row[5].decode(),
            None if row[6] is None else from_ms(number(row[6])),
        )
        for row in rows
    ]


class TicketReading:
    """The queries over a store's tickets, outside of batches."""

    _readers: Readers

    def tickets(self, show: str) -> list[Ticket]:
        statement = f"SELECT {COLUMNS} FROM tickets WHERE show_id = %s ORDER BY number"  # noqa: S608 - fixed names
        return [ticket_of(row) for row in self._readers.rows(statement, (show,))]

    def ticket_page(
        self, show: str, statuses: Sequence[str], now: datetime, after: int, limit: int
    ) -> list[Ticket]:
        which, values = in_statuses(statuses, to_ms(now), "%s")
        rows = self._readers.rows(
            f"SELECT {COLUMNS} FROM tickets WHERE show_id = %s AND number > %s"  # noqa: S608 - ours
            f" AND ({which}) ORDER BY number LIMIT %s",
            (show, after, *values, limit),
        )
        return [ticket_of(row) for row in rows]

    def tickets_by_id(self, ids: Sequence[str]) -> list[Ticket]:
        statement = f"SELECT {COLUMNS} FROM tickets WHERE id = ANY(%s)"  # noqa: S608 - fixed names
        return [ticket_of(row) for row in self._readers.rows(statement, (list(ids),))]

    def vacancies(self, shows: Sequence[str], now: datetime) -> dict[str, int]:
        return self._counts(shows, "order_id IS NULL OR held_till <= %s", now)

    def vacant_until(
        self, sets: Sequence[str], now: datetime
    ) -> dict[str, tuple[int, datetime | None]]:
        rows = self._readers.rows(VACANT_UNTIL, {"sets": list(sets), "now": to_ms(now)})
        return {row[0]: (row[1], optional_moment(row[2])) for row in rows}

    def reservations(self, shows: Sequence[str], now: datetime) -> dict[str, int]:
        return self._counts(shows, "held_till > %s", now)

    def _counts(self, shows: Sequence[str], which: str, now: datetime) -> dict[str, int]:
        rows = self._readers.rows(
            "SELECT set_id, count(*) FROM tickets WHERE show_id = ANY(%s)"  # noqa: S608 - ours
            f" AND ({which}) GROUP BY set_id",
            (list(shows), to_ms(now)),
        )
        return dict(rows)

    def overdue(self, seats: Sequence[str], sets: Sequence[str], now: datetime) -> list[str]:
        rows = self._readers.rows(
            "SELECT order_id FROM tickets"  # noqa: S608 - a fixed number
            " WHERE id = ANY(%(seats)s) AND order_id IS NOT NULL AND held_till <= %(now)s"
            " UNION SELECT found.order_id FROM unnest(%(sets)s::text[]) AS w (set_id)"
            " CROSS JOIN LATERAL (SELECT DISTINCT order_id FROM tickets t"
            " WHERE t.set_id = w.set_id AND t.held_till <= %(now)s"
            f" LIMIT {OVERDUE_AT_ONCE}) found",
            {"seats": list(seats), "sets": list(sets), "now": to_ms(now)},
        )
        return [row[0] for row in rows]
