"""How many orders have each status, as the list of orders shows it."""

from contextlib import ExitStack

import pytest
from seller import ORGANISER, SHOP, SHOW, BoxOffice

from application.catalog.access import AUDIT, Caller
from application.orders import search
from application.orders.queries import OrderFilter
from application.projector.loop import catch_up
from domain.status import Status

AUDITOR = Caller("56810047f06c5a6ac62f4e1f", "k4", "en", (AUDIT,))


@pytest.fixture(params=["sqlite", "postgres"])
def office(request, tmp_path):
    with ExitStack() as stack:
        database = f"sqlite:///{tmp_path / 'orders.db'}"
        if request.param == "postgres":
            database = stack.enter_context(request.getfixturevalue("server").database())
        yield stack.enter_context(BoxOffice(database))


def counted(office, caller, **wanted):
    for name in ("orders", "holds"):
        catch_up(office.store, name)
    counts = office.services.search.counts(caller, OrderFilter(**wanted))
    return {each: number for each, number in counts.by_status.items() if number}


def test_each_order_counts_once_in_the_status_that_it_has_now(office):
    own, _, theirs = office.order(1), office.order(1), office.order(1, partner=SHOP)
    office.start_payment(own)
    office.change(theirs, partner=SHOP, status=Status.CANCELED)
    organiser, shop = office.caller(), office.caller(SHOP)
    of_the_show = {Status.EXECUTED: 1, Status.IN_PROGRESS: 1, Status.CANCELED: 1}
    assert counted(office, organiser) == counted(office, AUDITOR) == of_the_show
    assert counted(office, shop) == {Status.CANCELED: 1}
    assert counted(office, organiser, statuses=(Status.DONE,)) == of_the_show
    assert counted(office, organiser, show="0" * 24) == {}
    assert counted(office, organiser, show=SHOW) == of_the_show

    office.later(minutes=11)
    ended = {Status.EXPIRED: 1, Status.IN_PROGRESS: 1, Status.CANCELED: 1}
    assert counted(office, organiser) == ended
    assert counted(office, office.caller(ORGANISER), created_till=office.time) == ended
    found = office.services.search.find(AUDITOR, "", OrderFilter(statuses=(Status.EXPIRED,)))
    assert len(found.orders) == 1


def test_more_than_a_page_can_wait_for_are_not_counted(office, monkeypatch):
    monkeypatch.setattr(search, "MOST_COUNTED", 2)
    office.order(1)
    office.order(1)
    assert counted(office, AUDITOR) == {Status.EXECUTED: 2}
    office.order(1)
    catch_up(office.store, "orders")
    counts = office.services.search.counts(AUDITOR, OrderFilter())
    assert counts.by_status is None
    assert counts.total() is None
