"""Orders whose tickets come and go together are counted at once, and as one by one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from application.integrity.holdings import FOR_GOOD, Holdings, note_holdings
from application.read_models import sales
from domain.events import (
    CustomerSet,
    OrderCreated,
    RefundApproved,
    RefundRequested,
    StatusChanged,
    TicketsChanged,
)
from domain.pricing import Price
from domain.refunds import Culprit
from domain.status import Status
from domain.ticket_moves import whole_life

AT = datetime(2030, 1, 26, 23, 50, tzinfo=UTC)
TICKETS = {"a": "stalls", "b": "stalls", "c": "balcony"}
PRICES = {
    "stalls": Price("stalls", Decimal("100.00"), Decimal("5.50")),
    "balcony": Price("balcony", Decimal("40.00"), Decimal("0.00")),
}
ENDS = {
    "held": [],
    "in payment": [Status.IN_PROGRESS],
    "canceled": [Status.CANCELED],
    "expired": [Status.IN_PROGRESS, Status.EXPIRED],
    "sold": [Status.IN_PROGRESS, Status.DONE],
    "sold twice": [Status.DONE, Status.DONE],
    "sold and let go of": [Status.DONE, Status.CANCELED],
}
"""Also such as no order decides: whoever writes into the log may write those."""


def created(tickets):
    return OrderCreated(
        **said(1, 0),
        number=1,
        show="show",
        org="org",
        vendor="vendor",
        deal=None,
        prices=PRICES,
        tickets=tickets,
        reserved_till=AT + timedelta(minutes=15),
    )


def said(version, minutes):
    at = AT + timedelta(minutes=minutes)
    return {
        "originator_id": "order",
        "originator_version": version,
        "at": at,
        "actor": "actor",
        "request": "request",
    }


def at_once(statuses):
    """An order with three tickets from its creation on."""
    moves = [
        StatusChanged(**said(place, 20 * place), status=status)
        for place, status in enumerate(statuses, start=2)
    ]
    return [created(TICKETS), *moves]


def one_by_one(statuses):
    """The same with an empty creation, and a change that takes the tickets at the same time."""
    _, *moves = at_once(statuses)
    moves = [
        StatusChanged(**said(move.originator_version + 1, 20 * place), status=move.status)
        for place, move in enumerate(moves, start=2)
    ]
    return [created({}), TicketsChanged(**said(2, 0), added=TICKETS), *moves]


@pytest.mark.parametrize("statuses", ENDS.values(), ids=ENDS)
def test_the_sums_of_sales_are_the_same(statuses):
    rows = by_key(at_once(statuses))
    assert rows == by_key(one_by_one(statuses))
    assert rows


def by_key(events):
    return {row.key: row for row in sales.rows(events)}


@pytest.mark.parametrize("statuses", ENDS.values(), ids=ENDS)
def test_the_holdings_are_the_same(statuses):
    once, *later = range(100, 101 + len(statuses))
    held = spans(at_once(statuses), [once, *later])
    assert held == spans(one_by_one(statuses), [once, once, *later])
    assert {each[0] for each in held} == set(TICKETS)


def spans(events, positions):
    holdings = Holdings()
    note_holdings(holdings, events, positions, len(events))
    return sorted(zip(holdings.tickets, holdings.starts, holdings.ends, strict=True))


def test_tickets_are_held_until_the_position_of_their_end():
    events = at_once([Status.IN_PROGRESS, Status.CANCELED])
    assert spans(events, [3, 7, 9]) == [(each, 3, 9) for each in "abc"]
    assert spans(events[:2], [3, 7]) == [(each, 3, FOR_GOOD) for each in "abc"]


def test_sums_of_many_orders_are_those_of_each():
    totals = sales.Totals()
    lives = [at_once(statuses) for statuses in ENDS.values()]
    for events in lives:
        totals.add(events)
    whole = [row for row in totals.rows() if row.key.startswith("show/day//")]
    assert [row.columns[4] for row in whole] == [len(lives)]


def test_an_order_that_something_else_happened_to_is_followed_event_by_event():
    sold = at_once([Status.DONE])
    refund = [
        RefundRequested(
            **said(3, 60),
            refund="refund",
            culprit=Culprit.ORG,
            tickets=("a",),
            value=Decimal("100.00"),
            currency="RUB",
        ),
        RefundApproved(**said(4, 60), refund="refund", resold=("a",)),
    ]
    assert whole_life([*sold, *refund]) is None
    assert whole_life(one_by_one([])) is None
    assert whole_life([]) is None
    assert whole_life(sold[1:]) is None
    named = CustomerSet(**said(3, 50), email="buyer@mail.example")
    assert whole_life([*sold, named]) == (sold[0], sold[1])
