"""A page of a show's tickets, on every store."""

from datetime import timedelta

from store_writes import NOON, TEN_PAST, append, one, sell, take

from application.ports.unit_of_work import TicketChange


def page(store, *statuses, now=NOON, after=0, limit=10):
    return [each.number for each in store.ticket_page("show", statuses, now, after, limit)]


def test_pages_go_on_by_number(store):
    sell(store, 5)
    assert page(store, limit=2) == [1, 2]
    assert page(store, after=2, limit=2) == [3, 4]
    assert page(store, after=4, limit=2) == [5]
    assert page(store, after=2**53) == []


def test_a_page_has_the_statuses_of_its_moment(store):
    seats = sell(store, 5)
    one(store, take(store, "held", seats=seats[:2]))
    one(store, take(store, "paid", seats=seats[2:3]))
    change = TicketChange(order="paid", kept=seats[2:3], held_till=None)
    one(store, append(store, "paid", 2, change=change))
    assert page(store, "vacant") == [4, 5]
    assert page(store, "reserved") == [1, 2]
    assert page(store, "sold") == [3]
    assert page(store, "sold", "reserved", limit=2) == [1, 2]
    assert page(store, "vacant", "reserved", "sold") == [1, 2, 3, 4, 5]
    assert page(store, "reserved", now=TEN_PAST - timedelta(milliseconds=1)) == [1, 2]
    assert page(store, "reserved", now=TEN_PAST) == []
    assert page(store, "vacant", now=TEN_PAST) == [1, 2, 4, 5]
