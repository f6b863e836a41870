"""Holds end by themselves; the sweeper only writes it down, once, whoever sweeps besides."""

import threading
from contextlib import contextmanager, suppress

import pytest
from clock import MILLISECOND, TEN_MINUTES, Clock
from eventsourcing.persistence import StoredEvent
from mixed_orders import SEATED, SEATS, SETS, THEATRE, load_shows
from seller import CANCEL, EMPTY, asks, at_random, on_one_store, pays_with, seats
from structlog.testing import capture_logs

from application.bootstrap import build
from application.orders.commands import ChangeOrder, ChoosePayment
from application.orders.expiry import BATCH, sweep
from application.projector.loop import catch_up
from application.settings import Settings
from domain.refusals import Refusal
from domain.status import Status

(PARTERRE,) = SETS[SEATED]
PAY = ChangeOrder(payment=ChoosePayment("api/CARD"), status=Status.IN_PROGRESS)


def sell(services, command=EMPTY):
    return services.orders.create(SEATED, command, asks(THEATRE)).order


def change(services, order, command):
    return services.orders.change(order.id, command, asks(THEATRE)).order


def sweep_now(services):
    return sweep(services.queries, services.orders, "sweep")


def show_the_sweeper(services):
    catch_up(services.store, "holds")


def statuses(services, order):
    """The statuses that were recorded, one after another."""
    events = services.history.history(order.id)["events"]
    return [each["data"]["status"] for each in events if each["name"] == "StatusChanged"]


def at_once(*tasks):
    """Do all of this at the same time, as far as threads can."""
    ready = threading.Barrier(len(tasks))

    def wait_and(do):
        ready.wait()
        do()

    threads = [threading.Thread(target=wait_and, args=(each,)) for each in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture
def services(services):
    load_shows(services.store, 500)
    return services


def test_of_many_sweepers_each_order_is_swept_by_one(services, open_services, clock):
    orders = [sell(services, at_random({PARTERRE: 1})) for _ in range(BATCH + 20)]
    clock.moment += TEN_MINUTES
    show_the_sweeper(services)
    everybody = [services, open_services(), open_services()]
    swept = []
    at_once(*[lambda each=each: swept.extend(sweep_now(each)) for each in everybody])
    assert sorted(swept) == sorted(order.id for order in orders)
    assert all(statuses(services, order) == ["expired"] for order in orders)
    assert services.store.vacancies([SEATED], clock())[PARTERRE] == 500
    assert all(ticket.order is None for ticket in services.store.tickets(SEATED))


@on_one_store
def test_what_is_swept_is_not_swept_again_before_the_list_shows_it(services, clock):
    sell(services, seats(SEATS[0]))
    clock.moment += TEN_MINUTES
    show_the_sweeper(services)
    assert len(sweep_now(services)) == 1
    assert sweep_now(services) == []
    show_the_sweeper(services)
    assert sweep_now(services) == []


@on_one_store
def test_a_hold_is_swept_at_its_millisecond_and_not_before(services, clock):
    order = sell(services, seats(SEATS[0]))
    show_the_sweeper(services)
    clock.moment += TEN_MINUTES - MILLISECOND
    assert sweep_now(services) == []
    clock.moment += MILLISECOND
    assert sweep_now(services) == [order.id]


@on_one_store
def test_a_payment_that_started_is_swept_by_its_own_hold(services, clock):
    order = sell(services, seats(SEATS[0]))
    show_the_sweeper(services)
    clock.forward(minutes=9)
    change(services, order, PAY)
    clock.forward(minutes=20)
    assert sweep_now(services) == []  # though what it reads still has the first hold
    show_the_sweeper(services)
    assert sweep_now(services) == []
    clock.forward(minutes=10)
    assert sweep_now(services) == [order.id]
    assert statuses(services, order) == ["in_progress", "expired"]


def test_seats_of_an_order_that_no_list_knows_yet_are_freed_for_who_wants_them(services, clock):
    first = sell(services, seats(*SEATS))
    clock.moment += TEN_MINUTES
    assert sweep_now(services) == []
    second = sell(services, seats(SEATS[0], all_or_nothing=True))
    assert list(second.tickets) == [SEATS[0]]
    assert statuses(services, first) == ["expired"]
    show_the_sweeper(services)
    assert sweep_now(services) == []


def test_random_tickets_of_more_overdue_orders_than_are_freed_at_once_can_be_had(services, clock):
    orders = [sell(services, at_random({PARTERRE: 4})) for _ in range(125)]
    clock.moment += TEN_MINUTES
    assert len(sell(services, at_random({PARTERRE: 450})).tickets) == 450
    assert {tuple(statuses(services, order)) for order in orders} == {("expired",)}


@pytest.mark.parametrize("command", [at_random({PARTERRE: 500}), seats(*SEATS[:3])])
def test_an_order_that_cannot_be_read_keeps_its_tickets_and_nobody_else_waits(
    services, clock, command
):
    """As when a newer version of the service has written what this one does not know."""
    readable = sell(services, at_random({PARTERRE: 2}))
    orders = [sell(services, seats(SEATS[0])), sell(services, at_random({PARTERRE: 1}))]
    clock.moment += TEN_MINUTES
    show_the_sweeper(services)
    for order in orders:
        services.store.recorder.insert_events([StoredEvent(order.id, 2, "Blessed.1", b"{}")])
    with capture_logs() as logs:
        assert sweep_now(services) == [readable.id]
    assert {each["order"] for each in logs} == {order.id for order in orders}
    assert all("UnknownEvent: Blessed.1" in each["reason"] for each in logs)
    had = set(sell(services, command).tickets)
    kept = {ticket for order in orders for ticket in order.tickets}
    assert len(had) == (499 if command.tickets == at_random({PARTERRE: 500}).tickets else 2)
    assert not had & kept


@on_one_store
def test_a_clock_that_goes_back_does_not_bring_an_expired_order_back(services, clock):
    order = sell(services, seats(SEATS[0]))
    clock.moment += TEN_MINUTES
    show_the_sweeper(services)
    sweep_now(services)
    clock.forward(minutes=-5)
    assert services.history.order(order.id).order.status_at(clock()) is Status.EXPIRED
    with pytest.raises(Refusal):
        change(services, order, PAY)
    second = sell(services, seats(SEATS[0]))
    assert list(second.tickets) == [SEATS[0]]


@on_one_store
def test_a_timeline_does_not_go_back_in_time_when_the_clock_does(services, clock):
    order = sell(services, seats(SEATS[0]))
    clock.forward(minutes=5)
    order = change(services, order, pays_with("api/CARD"))
    clock.forward(minutes=-5)
    order = change(services, order, PAY)
    events = services.history.history(order.id)["events"]
    assert [each["at"] for each in events] == sorted(each["at"] for each in events)
    assert order.reserved_till == order.changed_at + 3 * TEN_MINUTES


@on_one_store
def test_an_order_is_not_over_for_a_clock_that_is_behind(services, address, clock):
    """Of two machines the one that is ahead ends the hold; then it has ended for both."""
    behind = Clock(clock())
    order = sell(services, seats(SEATS[0]))
    clock.moment += TEN_MINUTES
    behind.moment = clock() - MILLISECOND
    with another(address, behind) as other:
        show_the_sweeper(other)
        assert sweep_now(other) == []
        assert other.history.order(order.id).order.status_at(behind()) is Status.EXECUTED
        assert sweep_now(services) == [order.id]
        assert other.history.order(order.id).order.status_at(behind()) is Status.EXPIRED
        with pytest.raises(Refusal):
            change(other, order, PAY)


@contextmanager
def another(address, clock):
    """One more process, on a machine whose clock differs."""
    services = build(Settings(database=address), clock)
    try:
        yield services
    finally:
        services.close()


ENDINGS = {
    ("expired",): None,
    ("canceled",): None,
    ("in_progress",): SEATS[0],
    ("in_progress", "canceled"): None,
}


@pytest.mark.parametrize("late", [0, 1])
def test_a_payment_a_cancel_a_buyer_and_the_sweeper_in_one_millisecond_tell_one_timeline(
    services, address, clock, late
):
    """Two machines; on one of them the hold has ended already, on the other `late` ms later."""
    behind = Clock()
    told = set()
    with another(address, behind) as other:
        for seat in SEATS[:12]:
            order = sell(services, seats(seat))
            show_the_sweeper(services)
            clock.moment += TEN_MINUTES
            behind.moment = clock() - late * MILLISECOND
            others = []
            at_once(
                lambda order=order: refused_or(change, other, order, PAY),
                lambda order=order: refused_or(change, other, order, CANCEL),
                lambda: sweep_now(services),
                lambda seat=seat, others=others: others.append(sell(services, seats(seat))),
            )
            timeline = tuple(statuses(services, order))
            assert timeline in ENDINGS
            told.add(timeline)
            (ticket,) = services.store.tickets_by_id([seat])
            owners = {each.id for each in others if each.tickets}
            if ENDINGS[timeline]:
                owners.add(order.id)
            assert {ticket.order} - {None} == owners
            events = services.store.events(order.id)
            assert [event.originator_version for event in events] == list(range(1, len(events) + 1))
    if not late:
        assert told == {("expired",)}


def refused_or(do, *what):
    with suppress(Refusal):
        do(*what)
