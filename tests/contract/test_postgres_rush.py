import random
import threading
from collections import Counter

import pytest
from asking import Refused, one, owners, sell, take

from application.storage.postgres import PostgresStore
from application.store import Needs, Write, Written

PROCESSES, BUYERS = 4, 32


@pytest.fixture
def stores(database):
    opened = [PostgresStore(database) for _ in range(PROCESSES)]
    yield opened
    for store in opened:
        store.close()


def rush(stores, purchases, buy):
    """Let all buyers buy so often, at once; return all outcomes."""
    outcomes = []

    def shop(buyer):
        store = stores[buyer % PROCESSES]
        for number in range(purchases):
            outcomes.extend(store.write_all([buy(store, f"order-{buyer}-{number}", number)]))

    buyers = [threading.Thread(target=shop, args=(each,)) for each in range(BUYERS)]
    for thread in buyers:
        thread.start()
    for thread in buyers:
        thread.join()
    return outcomes


def check(store, seats, outcomes):
    """Nobody met an error, and every ticket was sold once."""
    assert [each for each in outcomes if not isinstance(each, Written)] == []
    had = Counter(ticket for each in outcomes for ticket in each.result)
    assert had == Counter(seats)
    assert Counter(owners(store).values()).total() == len(seats)
    assert None not in owners(store).values()


def test_a_set_is_sold_to_the_last_ticket_and_no_ticket_twice(stores):
    seats = sell(stores[0], 2000)
    outcomes = rush(stores, 25, lambda store, order, _: take(store, order, parterre=3))
    check(stores[0], seats, outcomes)
    assert Counter(len(each.result) for each in outcomes)[3] == 666


def test_overlapping_seats_are_sold_once(stores):
    seats = sell(stores[0], 300)
    dice = random.Random(1)

    def buy(store, order, number):
        start = dice.randrange(len(seats) - 6)
        wanted = dice.sample(seats[start : start + 6], 4)
        return take(store, order, seats=seats if number == 20 else wanted)

    check(stores[0], seats, rush(stores, 21, buy))


@pytest.mark.parametrize("wish", [{"seats": ["parterre-1", "parterre-2"]}, {"parterre": 2}])
def test_tickets_that_another_only_considers_are_waited_for(stores, wish):
    seats = sell(stores[0], 2)
    had = []
    other = threading.Thread(
        target=lambda: had.extend(one(stores[1], take(stores[1], "patient", **wish)))
    )

    def consider(within, found):
        other.start()
        other.join(0.1)
        assert other.is_alive()
        raise Refused

    with pytest.raises(Refused):
        one(stores[0], Write(Needs(picks={"parterre": 2}), consider))
    other.join()
    assert sorted(had) == seats


def test_another_set_is_not_waited_for(stores):
    sell(stores[0], 2)
    sell(stores[0], 2, ticket_set="balcony")

    def consider(within, found):
        return one(stores[1], take(stores[1], "quick", balcony=2))

    assert len(one(stores[0], Write(Needs(picks={"parterre": 2}), consider))) == 2
