"""Lists of many orders: every filter and sort gives what a look at every order would give."""

import itertools
import random
from datetime import timedelta

import msgspec
import pytest
from mixed_orders import CLUB, SHOP, SHOWS, THEATRE, load_shows, make_mixed_orders

from application.documents.order import order_document
from application.orders.queries import SORTS, OrderFilter
from application.projector.loop import catch_up
from domain.status import Status

SELLERS = (THEATRE, CLUB, SHOP)


@pytest.fixture
def orders(services, clock):
    load_shows(services.store, 3000)
    ids = make_mixed_orders(services, 300, batch=60)
    catch_up(services.store, "orders")
    orders = [services.history.order(each).order for each in ids]
    clock.moment = max(order.changed_at for order in orders) + timedelta(minutes=6)
    overdue = [order for order in orders if order.status_at(clock()) is not order.status]
    assert overdue
    return orders


def wanted_by(wanted, vendor, now):
    """The rule of every filter, told once more."""

    def fits(order):
        return all(
            (
                order.vendor == vendor,
                not wanted.statuses or order.status_at(now) in wanted.statuses,
                wanted.show in (None, order.show),
                wanted.number in (None, order.number),
                wanted.created_from is None or order.created_at >= wanted.created_from,
                wanted.created_till is None or order.created_at < wanted.created_till,
                wanted.updated_from is None or order.updated_at >= wanted.updated_from,
                wanted.updated_till is None or order.updated_at < wanted.updated_till,
            )
        )

    return fits


def some_filter(rng, orders):
    def maybe(value, chance=0.3):
        return value if rng.random() < chance else None

    def moment(name):
        return getattr(rng.choice(orders), name) + rng.choice((-1, 0, 0, 1)) * timedelta(
            milliseconds=1
        )

    return OrderFilter(
        statuses=tuple(rng.sample(list(Status), rng.choice((0, 0, 1, 1, 2, 3)))),
        show=maybe(rng.choice(list(SHOWS))),
        number=maybe(rng.choice(orders).number, 0.05),
        created_from=maybe(moment("created_at")),
        created_till=maybe(moment("created_at")),
        updated_from=maybe(moment("updated_at")),
        updated_till=maybe(moment("updated_at")),
        sort=rng.choice(SORTS),
        descending=rng.random() < 0.5,
    )


def pages(services, vendor, wanted):
    """All of a list, page by page."""
    for _ in range(1000):
        page = services.queries.orders(vendor, wanted)
        yield page.orders
        if page.cursor is None:
            return
        wanted = msgspec.structs.replace(wanted, cursor=page.cursor)
    pytest.fail("the list does not end")


def test_every_filter_and_sort_lists_what_a_look_at_all_orders_would(services, orders, clock):
    rng = random.Random(7)
    found = 0
    for turn in range(150):
        wanted = some_filter(rng, orders)
        vendor = SELLERS[turn % 3]
        there = sorted(
            filter(wanted_by(wanted, vendor, clock()), orders),
            key=lambda order: (getattr(order, wanted.sort), order.id),
            reverse=wanted.descending,
        )
        sized = msgspec.structs.replace(wanted, page_size=rng.choice((1, 7, 50, 200)))
        listed = list(pages(services, vendor, sized))
        assert all(len(each) == sized.page_size for each in listed[:-1])
        shown = [order_document(order, clock()) for order in itertools.chain(*listed)]
        assert shown == [order_document(order, clock()) for order in there]
        found += bool(there)
    assert found > 75


def test_pages_neither_repeat_nor_skip_while_orders_are_made(services, open_services, orders):
    """New ones come anywhere in the list; those that were there are all seen, and once."""
    other = open_services()
    seeds = itertools.count(2)

    def sell_some():
        seed = next(seeds)
        start = orders[0].created_at + timedelta(seconds=19 * seed)
        make_mixed_orders(other, 6, seed=seed, start=start, batch=6)
        catch_up(other.store, "orders")

    there = {order.id: order for order in orders if order.vendor == SHOP}
    for sort, descending in itertools.product(SORTS, (True, False)):
        wanted = OrderFilter(sort=sort, descending=descending, page_size=11)
        listed = []
        for page in pages(services, SHOP, wanted):
            listed += [each.id for each in page]
            if next(seeds) % 3 == 0:
                sell_some()
        assert len(listed) == len(set(listed))
        assert [each for each in listed if each in there] == sorted(
            there,
            key=lambda each: (getattr(there[each], sort), each),
            reverse=descending,
        )
    assert len(listed) > len(there)
