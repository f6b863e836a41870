import threading
from collections import Counter
from contextlib import closing

import psycopg
import pytest
from buyers import (
    BUYERS_EACH,
    HALL,
    HALL_TICKETS,
    LAST,
    LAST_SETS,
    LAST_TICKETS,
    PROCESSES,
    SEATS,
    STALLS,
    put_on_sale,
    rush,
)
from store_writes import Refused, one, sell, take

from application.orders.loaded_order import replay
from application.ports.unit_of_work import ReadSet, UnitOfWork
from application.storage.postgres.store import PostgresStore


@pytest.fixture(scope="module")
def crowd(server):
    """What 64 buyers at 8 processes had, what went wrong, and the store they left behind."""
    with server.database() as url, closing(PostgresStore(url)) as store:
        put_on_sale(store)
        yield (*rush(url), store, url)


@pytest.fixture(params=[HALL, STALLS, LAST])
def show(request):
    return request.param


def test_every_buyer_gets_a_clean_answer(crowd):
    orders, wrong, _, _ = crowd
    assert wrong == []
    assert PROCESSES * BUYERS_EACH == 64
    assert len(orders) > 64 * (1 + 13 + len(LAST_SETS))


def test_every_ticket_is_in_exactly_one_order(crowd, show):
    orders, _, store, _ = crowd
    on_sale = {ticket.id: ticket.order for ticket in store.tickets(show)}
    assert (
        len(on_sale)
        == {
            HALL: HALL_TICKETS,
            STALLS: len(SEATS),
            LAST: len(LAST_SETS) * LAST_TICKETS,
        }[show]
    )
    had = Counter(ticket for tickets in orders.values() for ticket in tickets)
    assert {ticket: had[ticket] for ticket in on_sale if had[ticket] != 1} == {}
    owner = {ticket: order for order, tickets in orders.items() for ticket in tickets}
    assert {ticket: owner[ticket] for ticket in on_sale} == on_sale


def test_the_log_tells_what_the_buyers_were_told(crowd):
    orders, _, store, _ = crowd
    logged = {order: list(replay(store.events(order)).tickets) for order in orders}
    assert logged == orders
    assert len({each.originator_id for each in store.log(0, 1_000_000)}) == len(orders)


def test_no_buyer_deadlocked_with_another(crowd):
    _, _, _, url = crowd
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert row == (0,)


def test_order_numbers_are_given_once(crowd):
    orders, _, store, _ = crowd
    numbers = Counter(replay(store.events(order)).number for order in orders)
    assert set(numbers.values()) == {1}


@pytest.fixture
def stores(database):
    opened = [PostgresStore(database) for _ in range(2)]
    yield opened
    for store in opened:
        store.close()


@pytest.mark.parametrize("command", [{"seats": ["parterre-1", "parterre-2"]}, {"parterre": 2}])
def test_tickets_that_another_only_considers_are_waited_for(stores, command):
    seats = sell(stores[0], 2)
    had = []
    other = threading.Thread(
        target=lambda: had.extend(one(stores[1], take(stores[1], "patient", **command)))
    )

    def consider(within, found):
        other.start()
        other.join(0.1)
        assert other.is_alive()
        raise Refused

    with pytest.raises(Refused):
        one(stores[0], UnitOfWork(ReadSet(picks={"parterre": 2}), consider))
    other.join()
    assert sorted(had) == seats


def test_another_set_is_not_waited_for(stores):
    sell(stores[0], 2)
    sell(stores[0], 2, ticket_set="balcony")

    def consider(within, found):
        return one(stores[1], take(stores[1], "quick", balcony=2))

    assert len(one(stores[0], UnitOfWork(ReadSet(picks={"parterre": 2}), consider))) == 2
