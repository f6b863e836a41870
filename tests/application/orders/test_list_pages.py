"""Pages of orders are kept while they stay as they are, and read anew as soon as they do not."""

import json
from contextlib import ExitStack

import pytest
from polling import until
from seller import ORGANISER, SHOP, BoxOffice

from application.documents.json_list import page_of
from application.orders.list_pages import OrderLists
from application.orders.queries import OrderFilter, OrderQueries
from application.projector.loop import catch_up
from domain.status import Status

ROOM = 2**20


class CountedQueries(OrderQueries):
    """Counts the pages that are read."""

    read = 0

    def orders(self, vendor, wanted):
        self.read += 1
        return super().orders(vendor, wanted)


class Lists:
    """The lists of an office, and how many of their pages were read."""

    def __init__(self, office):
        self.office = office
        self.queries = CountedQueries(office.store, office.services.clock)
        services = office.services
        self._lists = OrderLists(office.store, self.queries, services.catalog, services.clock)

    def page(self, vendor=ORGANISER, room=ROOM, **wanted):
        def shown(page):
            return page_of(page.answers, room, page.cursor_behind)

        catch_up(self.office.store, "orders")
        return self._lists.page(vendor, OrderFilter(**wanted), room, shown)

    def statuses(self, **wanted):
        return [each["status"] for each in json.loads(self.page(**wanted).body)]


@pytest.fixture(params=["sqlite", "postgres"])
def office(request, tmp_path):
    with ExitStack() as stack:
        database = f"sqlite:///{tmp_path / 'orders.db'}"
        if request.param == "postgres":
            database = stack.enter_context(request.getfixturevalue("server").database())
        yield stack.enter_context(BoxOffice(database))


@pytest.fixture
def lists(office):
    return Lists(office)


def test_a_page_is_read_once_until_an_order_changes(office, lists):
    order = office.order(1)
    assert lists.statuses() == lists.statuses() == ["executed"]
    assert lists.queries.read == 1
    office.change(order, status=Status.CANCELED)
    assert lists.statuses() == lists.statuses() == ["canceled"]
    assert lists.queries.read == 2


def test_each_partner_and_each_page_has_its_own(office, lists):
    office.order(1)
    office.order(1, partner=SHOP)
    office.order(1)
    first, whole = lists.page(page_size=1), lists.page()
    assert len(json.loads(first.body)) == 1
    assert len(json.loads(whole.body)) == 2
    assert len(json.loads(lists.page(SHOP).body)) == 1
    assert (whole.cursor, whole.tag != first.tag) == (None, True)
    rest = lists.page(cursor=first.cursor)
    assert json.loads(first.body) + json.loads(rest.body) == json.loads(whole.body)


def test_a_page_without_room_goes_on_behind_its_last_order(office, lists):
    for _ in range(3):
        office.order(1)
    short = lists.page(room=1)
    assert len(json.loads(short.body)) == 1
    rest = lists.page(cursor=short.cursor)
    assert json.loads(short.body) + json.loads(rest.body) == json.loads(lists.page().body)


def test_the_end_of_a_hold_changes_a_page_without_an_event(office, lists):
    office.order(1)
    assert lists.statuses() == ["executed"]
    office.later(minutes=11)
    assert lists.statuses() == lists.statuses() == ["expired"]
    assert lists.queries.read == 2


def test_a_changed_catalogue_is_shown_without_an_event(office, lists):
    office.order(1)
    lists.page()
    with office.store.change_catalog() as change:
        change.put("partner", "0" * 24, b'{"id":"000000000000000000000000","name":"New"}')

    def is_read_anew():
        lists.page()
        return lists.queries.read == 2

    until(is_read_anew, "the page of before is kept")


def test_what_is_chosen_by_status_is_read_each_time(office, lists):
    office.order(1)
    office.order(1)
    assert lists.statuses(statuses=(Status.EXECUTED,)) == ["executed", "executed"]
    office.later(minutes=11)
    assert lists.statuses(statuses=(Status.EXECUTED,)) == []
    assert lists.statuses(statuses=(Status.EXPIRED,)) == ["expired", "expired"]
