"""What reading and changing an order costs does not depend on how often it was changed.

Counted are the events that the store hands over, which are all that is decoded and replayed.
"""

from contextlib import closing

import pytest
from seller import BoxOffice, seat

from application.bootstrap import build
from application.orders import snapshots as module
from application.orders.commands import ChangeOrder
from application.orders.loaded_order import replay
from application.orders.snapshots import LIKE_TICKETS, LONG, Snapshots
from application.ports.snapshot import Snapshot
from application.settings import Settings
from domain.commands import Customer
from domain.order import MOST_CHANGES, Order
from domain.status import Status

KNOWN_AND_NEW = 2
"""The event that a snapshot ends with, and the one of the change after it."""


@pytest.fixture
def office(address):
    with BoxOffice(address) as office:
        yield office


@pytest.fixture
def handed_over(monkeypatch):
    """How many events the store handed over, at each read."""
    counts = []
    begun = module._begun

    def counted(stored, snapshot):
        counts.append(len(stored))
        return begun(stored, snapshot)

    monkeypatch.setattr(module, "_begun", counted)
    return counts


def grown(office, version):
    """An order that was changed until it is at this version; seats come and go."""
    order = office.order(seats=[seat(1), seat(2)])
    for each in range(version - 1):
        office.request_seats(order, seat(1), seat(2 + (each + 1) % 2))
    return order


def shown(services, order):
    return services.history.order(order).order


def replayed(services, order):
    """The order as all its events make it."""
    return replay(services.store.events(order))


def test_a_change_and_a_read_of_the_longest_order_read_two_events(office, handed_over):
    order = grown(office, MOST_CHANGES)
    assert max(handed_over) == LONG
    assert len(office.store.events(order)) == MOST_CHANGES
    handed_over.clear()
    office.name_buyer(order, email="a@b.example")
    assert shown(office.services, order) == replayed(office.services, order)
    office.change(order, status=Status.CANCELED)
    office.services.orders.expire([order], "sweeper")
    assert handed_over[:1] == [KNOWN_AND_NEW]
    assert max(handed_over) <= KNOWN_AND_NEW


def test_another_process_reads_a_long_order_once(office, address, handed_over):
    order = grown(office, 20)
    with closing(build(Settings(database=address, sample=True), office.clock)) as other:
        handed_over.clear()
        shown(other, order)
        for email in ("a@b.example", "c@d.example"):
            office.name_buyer(order, email=email)
            assert shown(other, order).customer.email == email
        request = office.request()
        other.orders.change(order, ChangeOrder(customer=Customer(first_name="Anna")), request)
        assert shown(office.services, order) == replayed(other, order)
    assert handed_over[0] == 20
    assert max(handed_over[1:]) <= KNOWN_AND_NEW + 1


def test_a_usual_order_has_no_snapshot(office):
    order = grown(office, LONG - 1)
    shown(office.services, order)
    kept = office.services.orders.kept_snapshots
    assert kept.of(order) is None
    office.name_buyer(order, email="a@b.example")
    shown(office.services, order)
    assert kept.of(order).version == LONG


def test_a_repeated_request_gets_the_first_answer_of_a_long_order(office, handed_over):
    order = grown(office, 20)
    named = ChangeOrder(customer=Customer(email="a@b.example"))
    by_key = {"key": "key-1", "fingerprint": b"1"}
    first = office.services.orders.change(order, named, office.request(**by_key))
    handed_over.clear()
    again = office.services.orders.change(order, named, office.request(**by_key))
    assert again.repeated
    assert (again.order, again.position) == (first.order, first.position)
    assert max(handed_over) <= KNOWN_AND_NEW + 1
    office.name_buyer(order, email="c@d.example")
    shown(office.services, order)
    later = office.services.orders.change(order, named, office.request(**by_key))
    assert (later.order, later.position) == (first.order, first.position)


def test_what_was_never_committed_is_not_believed(office):
    order = grown(office, 20)
    true = replayed(office.services, order)
    false = true.copy()
    false.tickets.clear()
    false.version += 1
    kept = office.services.orders.kept_snapshots
    kept._keep(Snapshot(false, b"\x01" * 32))
    assert shown(office.services, order) == true
    kept._keep(Snapshot(false, b"\x01" * 32))
    office.name_buyer(order, email="a@b.example")
    assert shown(office.services, order) == replayed(office.services, order)
    assert shown(office.services, order).version == true.version + 1


def test_a_log_that_went_back_is_shown_as_it_is(office, tampering):
    order = grown(office, 20)
    for email in ("a@b.example", "lost@b.example", "lost@c.example"):
        office.name_buyer(order, email=email)
    shown(office.services, order)
    tampering.run(
        "DELETE FROM orders_events WHERE originator_id = ? AND originator_version > 21", order
    )
    assert shown(office.services, order).customer.email == "a@b.example"
    for email in ("c@d.example", "e@f.example"):
        with closing(build(Settings(database=office.database), office.clock)) as other:
            request = office.request()
            other.orders.change(order, ChangeOrder(customer=Customer(email=email)), request)
        found = shown(office.services, order)
        assert found == replayed(office.services, order)
        assert found.customer.email == email


def test_an_answers_order_is_its_readers_own(office):
    order = grown(office, 20)
    true = replayed(office.services, order)
    for _ in range(2):
        found = shown(office.services, order)
        assert found == true
        found.tickets.clear()
        found.customer.email = "changed@here.example"
        found.version = 0


def test_those_that_were_not_used_are_let_go():
    kept = Snapshots(most_tickets=3 * LIKE_TICKETS)
    for name in ("a", "b", "c"):
        kept._keep(Snapshot(Order(id=name, version=LONG), b""))
    assert kept.of("a") is not None
    kept._keep(Snapshot(Order(id="a", version=LONG + 1), b""))
    kept._keep(Snapshot(Order(id="d", version=LONG), b""))
    assert [name for name in "abcd" if kept.of(name) is not None] == ["a", "c", "d"]
    kept._keep(Snapshot(Order(id="d", version=LONG, tickets=dict.fromkeys("12345", "set")), b""))
    assert [name for name in "abcd" if kept.of(name) is not None] == ["c", "d"]
    huge = dict.fromkeys(map(str, range(3 * LIKE_TICKETS)), "set")
    kept._keep(Snapshot(Order(id="e", version=LONG, tickets=huge), b""))
    assert [name for name in "cde" if kept.of(name) is not None] == ["c", "d"]
