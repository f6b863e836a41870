import msgspec
import pytest
from store_writes import TEN_PAST, one, owners, sell, take

from application.ports.tickets import Ticket
from application.ports.unit_of_work import TicketTaken


def test_a_new_store_has_an_empty_catalogue(store):
    assert store.catalog() == {}


def test_documents_are_kept_by_kind_and_id(store):
    with store.change_catalog() as change:
        change.put("event", "a", b"{}")
        change.put("partner", "a", b'{"name": "b"}')
        change.put("event", "a", b"[1]")
    assert store.catalog() == {("event", "a"): b"[1]", ("partner", "a"): b'{"name": "b"}'}


def test_the_version_grows_with_every_change_and_only_then(store):
    before = store.catalog_version()
    with store.change_catalog() as change:
        change.put("event", "a", b"{}")
    after = store.catalog_version()
    with store.change_catalog() as change:
        assert change.documents() == {("event", "a"): b"{}"}
    assert before < after == store.catalog_version()
    sell(store, 1)
    assert store.catalog_version() > after


def test_another_process_sees_the_change(open_store):
    first, second = open_store(), open_store()
    before = second.catalog_version()
    with first.change_catalog() as change:
        change.put("event", "a", b"{}")
    assert second.catalog_version() > before
    assert second.catalog() == {("event", "a"): b"{}"}


def test_a_change_that_fails_changes_nothing(store):
    seats = sell(store, 2)
    version = store.catalog_version()

    def fail():
        with store.change_catalog() as change:
            change.put("event", "a", b"{}")
            change.add_tickets([Ticket("new", "show", "parterre", 3, b"{}")])
            change.remove_tickets(seats[:1])
            change.change_ticket(Ticket(seats[1], "show", "parterre", 2, b"other"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert store.catalog() == {}
    assert store.catalog_version() == version
    assert [(ticket.id, ticket.seat) for ticket in store.tickets("show")] == [
        (each, b'{"row": 1}') for each in seats
    ]


def test_a_change_sees_what_it_has_done_so_far(store):
    with store.change_catalog() as change:
        change.put("event", "a", b"{}")
        change.add_tickets(Ticket(f"t{n}", "show", "set", n, b"{}") for n in (3, 1, 2))
        assert change.documents() == {("event", "a"): b"{}"}
        assert [ticket.number for ticket in change.tickets("show")] == [1, 2, 3]
        assert [ticket.id for ticket in change.tickets_by_id(["t2", "unknown"])] == ["t2"]


def test_vacant_tickets_can_leave(store):
    seats = sell(store, 3)
    with store.change_catalog() as change:
        change.remove_tickets(seats[:2])
    assert owners(store) == {seats[2]: None}


def test_held_and_sold_tickets_cannot_leave(store):
    seats = sell(store, 3)
    one(store, take(store, "a", seats=seats[:1]))

    def remove(ids):
        with store.change_catalog() as change:
            change.remove_tickets(ids)

    for ids in (seats, ["unknown"]):
        with pytest.raises(TicketTaken):
            remove(ids)
    assert len(owners(store)) == 3


def test_a_seat_changes_and_all_else_stays(store):
    seats = sell(store, 1)
    one(store, take(store, "a", seats=seats))
    before = store.tickets("show")[0]
    with store.change_catalog() as change:
        change.change_ticket(Ticket(seats[0], "other", "other", 9, b"moved"))
    assert store.tickets("show") == [msgspec.structs.replace(before, seat=b"moved")]
    assert before.held_till == TEN_PAST
