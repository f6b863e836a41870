"""Lists and sales as of a moment are what somebody would have seen who looked then."""

from collections import Counter
from contextlib import closing
from datetime import timedelta

import msgspec
import pytest
from clock import NOON
from databases import STORES, a_database
from mixed_orders import SHOP, THEATRE, load_shows, make_mixed_orders
from seller import ORGANISER, SHOW, seat

from application.bootstrap import build
from application.catalog.access import Caller
from application.documents.order import order_document
from application.orders.as_of import PastOrders
from application.orders.queries import BadCursor, OrderFilter
from application.projector.loop import catch_up
from application.projector.read_your_writes import ModelBehind
from application.settings import Settings
from domain.order_money import given_by
from domain.order_refunds import refunds_of
from domain.refunds import RefundStatus
from domain.refusals import NotYetCreated
from domain.status import HELD, Status

EVENING = "56a6253df06c5a059a938001"


def listed(services, at, vendor=ORGANISER, **wanted):
    """All documents of all pages."""
    cursor, found = None, []
    while True:
        page = services.past.orders(vendor, OrderFilter(**wanted, cursor=cursor), at)
        found += map(msgspec.json.decode, page.answers)
        cursor = page.cursor
        if cursor is None:
            return found


def states(office, at, **wanted):
    office.catch_up()
    return {each["id"]: each["status"] for each in listed(office.services, at, **wanted)}


def test_an_order_is_listed_from_the_moment_it_was_made(office):
    first = office.order()
    made_at = office.later(minutes=1)
    second = office.order()
    assert states(office, made_at) == {first: "executed", second: "executed"}
    assert states(office, made_at - timedelta(milliseconds=1)) == {first: "executed"}
    assert states(office, made_at - timedelta(minutes=2)) == {}


def test_an_order_is_listed_as_it_was_then(office):
    order = office.order(seats=[seat(1), seat(2)])
    then = office.time
    office.later(minutes=1)
    office.request_seats(order, seat(2))
    office.start_payment(order)
    office.later(minutes=1)
    office.finish(order)
    office.catch_up()
    [document] = listed(office.services, then)
    assert document["tickets"] == [seat(1), seat(2)]
    assert document["value"] == "200.00"
    assert document["payment"]["system"] is None
    assert states(office, then) == {order: "executed"}
    assert states(office, then + timedelta(minutes=1)) == {order: "in_progress"}
    assert states(office, office.time) == {order: "done"}


def test_a_hold_that_had_ended_counted_as_ended_though_nobody_had_said_so(office):
    order = office.order()
    end = office.later(minutes=10)
    office.later(minutes=5)
    office.sweep()
    assert states(office, end) == {order: "expired"}
    assert states(office, end - timedelta(milliseconds=1)) == {order: "executed"}
    assert states(office, end, statuses=(Status.EXPIRED,)) == {order: "expired"}
    assert states(office, end, statuses=(Status.EXECUTED,)) == {}


def test_orders_are_narrowed_by_what_they_were_not_by_what_they_are(office):
    paid = office.paid_order()
    then = office.time
    office.later(minutes=1)
    canceled = office.order()
    office.cancel(canceled)
    assert states(office, then, statuses=(Status.DONE,)) == {paid: "done"}
    assert states(office, office.time, statuses=(Status.CANCELED,)) == {canceled: "canceled"}
    assert states(office, office.time, updated_till=office.time) == {paid: "done"}


def test_a_change_since_does_not_hide_what_was_old_then(office):
    order = office.order(seats=[seat(1)])
    then = office.later(minutes=1)
    office.later(minutes=1)
    office.request_seats(order, seat(2))
    assert states(office, then, updated_till=then) == {order: "executed"}
    assert states(office, then, updated_from=then) == {}


def test_another_vendors_orders_are_not_listed(office):
    office.order(partner=SHOP_OF_SAMPLE)
    assert states(office, office.time) == {}


SHOP_OF_SAMPLE = "56810047f06c5a6ac62f4e1e"


def test_a_list_of_the_past_waits_until_the_past_is_complete(office):
    office.order()
    with pytest.raises(ModelBehind):
        PastOrders(office.services.store, 0.01).orders(ORGANISER, OrderFilter(), office.time)


def test_a_cursor_of_another_sort_is_refused(office):
    office.order()
    office.order()
    office.catch_up()
    past = office.services.past
    page = past.orders(ORGANISER, OrderFilter(page_size=1), office.time)
    with pytest.raises(BadCursor):
        past.orders(ORGANISER, OrderFilter(sort="number", cursor=page.cursor), office.time)


def test_one_page_costs_a_bounded_number_of_orders(office):
    past = PastOrders(office.services.store, 0, most_looked_at=3)
    orders = [office.order(0) for _ in range(7)]
    office.cancel(orders[0])
    office.catch_up()
    wanted = OrderFilter(statuses=(Status.CANCELED,), sort="number")
    page = past.orders(ORGANISER, wanted, office.time)
    assert page.orders == []
    assert page.cursor is not None
    found = listed(office.services, office.time, statuses=(Status.CANCELED,), sort="number")
    assert [each["id"] for each in found] == orders[:1]


# Many orders of every kind, on both stores.


MOMENTS = [NOON - timedelta(seconds=1), NOON]
MOMENTS += [NOON + timedelta(minutes=minutes) for minutes in (3, 7, 12, 45, 2000)]


@pytest.fixture(scope="module", params=STORES)
def sold(request, tmp_path_factory):
    """A service with a log of mixed orders, and what the log told at moments of its past."""
    with (
        a_database(request.param, request, tmp_path_factory.mktemp("sold")) as address,
        closing(build(Settings(database=address), lambda: NOON)) as services,
    ):
        load_shows(services.store, 1500)
        ids = make_mixed_orders(services, 600, batch=120)
        for name in ("orders", "sales"):
            catch_up(services.store, name)
        assert len(services.store.log(0, 100_000)) > 1200
        yield services, {at: as_it_was(services, ids, at) for at in MOMENTS}


def as_it_was(services, ids, at):
    """By id, each order that there was then, from the log alone."""
    found = {}
    for order in ids:
        try:
            found[order] = services.history.at_time(order, at).order
        except NotYetCreated:
            continue
    return found


@pytest.mark.parametrize(
    "wanted",
    [
        OrderFilter(page_size=37),
        OrderFilter(page_size=200, sort="number", descending=False),
        OrderFilter(page_size=9, statuses=(Status.EXPIRED, Status.DONE)),
        OrderFilter(page_size=50, statuses=tuple(HELD), show=EVENING),
    ],
    ids=["all", "by number", "ended", "held"],
)
def test_a_list_of_many_orders_is_what_the_log_tells(sold, wanted):
    services, told = sold
    seen = Counter()
    for at, then in told.items():
        expected = [
            order
            for order in then.values()
            if order.vendor == SHOP
            and (not wanted.statuses or order.status_at(at) in wanted.statuses)
            and wanted.show in (None, order.show)
        ]
        expected.sort(key=lambda order: (getattr(order, wanted.sort), order.id))
        if wanted.descending:
            expected.reverse()
        options = {name: getattr(wanted, name) for name in ("page_size", "statuses", "show")}
        found = listed(
            services, at, SHOP, sort=wanted.sort, descending=wanted.descending, **options
        )
        told = msgspec.json.encode([order_document(order, at) for order in expected])
        assert found == msgspec.json.decode(told)
        seen[len(found) > 0] += 1
    assert seen[True] > 3


def test_sales_of_the_past_add_up_to_what_the_log_tells(sold):
    services, told = sold
    for at, all_orders in told.items():
        then = [order for order in all_orders.values() if order.show == EVENING]
        found = services.sales.sales(EVENING, Caller(THEATRE, "key", "ru"), at)
        done = [order for order in then if order.status is Status.DONE]
        held = [order for order in then if order.status in HELD]
        assert found["orders"] == len(then)
        assert found["sold"] == sum(len(order.tickets) + len(gone_of(order)) for order in done)
        assert found["held"] == sum(len(order.tickets) for order in held)
        assert found["values"]["full"] == f"{sum((given_by(each) for each in done), start=0):.2f}"


def gone_of(order):
    """The tickets that a done order gave and that came back."""
    undone = {RefundStatus.NEW, RefundStatus.REJECTED}
    refunds = [each for each in refunds_of(order) if each.status not in undone]
    return [ticket for refund in refunds for ticket in refund.tickets]


def test_sales_as_of_now_are_the_sales(sold):
    services, _ = sold
    caller = Caller(THEATRE, "key", "ru")
    assert services.sales.sales(EVENING, caller, MOMENTS[-1]) == services.sales.sales(
        EVENING, caller
    )


def test_sales_before_anything_was_sold_are_nought(office):
    office.paid_order()
    office.catch_up()
    before = office.time - timedelta(milliseconds=1)
    found = office.services.sales.sales(SHOW, office.caller(), before)
    assert (found["orders"], found["sold"], found["days"]) == (0, 0, [])
