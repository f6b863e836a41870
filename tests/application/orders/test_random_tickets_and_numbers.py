"""Tickets at random are any vacant ones, to the last; numbers grow."""

import random
import threading
from collections import Counter
from itertools import pairwise

import pytest
from mixed_orders import SEATED, SETS, THEATRE, load_shows, make_mixed_orders
from seller import CANCEL, EMPTY, asks, at_random, on_one_store

from domain.refusals import UnknownSet

(PARTERRE,) = SETS[SEATED]


@pytest.fixture
def services(services):
    random.seed(11)
    load_shows(services.store, 60)
    return services


def create(services, command=EMPTY):
    return services.orders.create(SEATED, command, asks(THEATRE)).order


def some(count, **more):
    return at_random({PARTERRE: count}, **more)


def vacant(services, clock):
    return services.store.vacancies([SEATED], clock()).get(PARTERRE, 0)


def test_a_random_ticket_may_be_any_vacant_one(services):
    """In an empty hall again and again: no ticket is preferred much, and few never come."""
    picked = Counter()
    for _ in range(240):
        order = create(services, some(1))
        picked.update(list(order.tickets))
        services.orders.change(order.id, CANCEL, asks(THEATRE))
    assert len(picked) > 40
    assert max(picked.values()) < 40


def test_a_hall_does_not_fill_from_one_end(services):
    numbers = {ticket.id: ticket.number for ticket in services.store.tickets(SEATED)}
    sold = [numbers[ticket] for _ in range(60) for ticket in create(services, some(1)).tickets]
    assert len(set(sold)) == 60
    falls = sum(later < earlier for earlier, later in pairwise(sold))
    assert 20 < falls < 40


def test_the_last_tickets_are_found_and_no_more_than_there_are(services, clock):
    bought = {ticket for _ in range(19) for ticket in create(services, some(3)).tickets}
    assert len(bought) == 57
    assert len(create(services, some(5, all_or_nothing=True)).tickets) == 0
    assert vacant(services, clock) == 3
    last = create(services, some(5)).tickets
    assert len(last) == 3
    assert not bought & set(last)
    assert vacant(services, clock) == 0
    assert len(create(services, some(1)).tickets) == 0


def test_who_asks_for_more_later_gets_what_is_left(services):
    order = create(services, some(10))
    create(services, some(45))
    changed = services.orders.change(order.id, some(30), asks(THEATRE)).order
    assert len(changed.tickets) == 15
    assert set(order.tickets) < set(changed.tickets)


def test_of_the_last_tickets_none_is_sold_twice_and_none_is_left(services, open_services, clock):
    create(services, some(40))
    everybody = [services, open_services()]
    orders = []

    def buy(turn):
        orders.append(create(everybody[turn % 2], some(3)))

    threads = [threading.Thread(target=buy, args=(turn,)) for turn in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    had = [ticket for order in orders for ticket in order.tickets]
    assert len(had) == len(set(had)) == 20
    assert vacant(services, clock) == 0


@on_one_store
def test_an_unknown_set_has_no_tickets(services):
    with pytest.raises(UnknownSet):
        create(services, at_random({"56a6254bf06c5a059b9380ff": 1}))


def test_numbers_grow_from_order_to_order_at_whichever_process(services, open_services):
    everybody = [services, open_services()]
    numbers = [create(everybody[turn % 2]).number for turn in range(12)]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] - numbers[0] < 30
    assert len({len(str(number)) for number in numbers}) == 1


def test_orders_that_share_a_commit_get_their_numbers_in_its_order(services):
    ids = make_mixed_orders(services, 60, batch=30)
    numbers = [services.history.order(each).order.number for each in ids]
    assert numbers == sorted(set(numbers))
