"""The feed by position: every event once, as its order was then, to those whom it concerns."""

import random

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent
from mixed_orders import CLUB, SHOP, SHOWS, THEATRE, load_shows, make_mixed_orders
from seller import ORGANISER, BoxOffice, on_one_store
from seller import SHOP as SAMPLES_SHOP

from application.event_log.event_mapper import event_of
from application.feed.order_context import OrderContexts
from application.feed.reading import FeedReader, Wanted
from application.feed.thin_event import cloud_event, encoded
from application.ports.unit_of_work import ReadSet, UnitOfWork
from domain.order import Order
from domain.refusals import PositionAhead, PositionOfAnotherHistory, PositionOfAnotherLog

ALL = Wanted()


@pytest.fixture
def log(services):
    """A log of orders of every kind, with money that came, late or not, and went back."""
    load_shows(services.store, 3000)
    make_mixed_orders(services, 120, batch=30)
    return services.store


@pytest.fixture
def reader(log):
    return FeedReader(log)


def replayed(store):
    """What the feed has to show of every event, told by the aggregate itself."""
    orders, found = {}, []
    for stored in store.log(0, 100_000):
        event = event_of(stored)
        order = orders.setdefault(event.originator_id, Order())
        order.apply(event)
        name = f"orderlog.order.{stored.topic.partition('.')[0]}"
        place = (stored.id, order.id, order.version, name, event.at)
        found.append(
            (*place, order.status.value, order.number, order.show, order.org, order.vendor)
        )
    return found


def told(events):
    return [
        (e.position, e.order, e.version, e.type, e.at, e.status, e.number, e.show, e.org, e.vendor)
        for e in events
    ]


def read_all(reader, wanted=ALL, *, limit=1000, scan=5000):
    position, found = 0, []
    while True:
        page = reader.read(position, limit, wanted, scan=scan)
        assert len(page.events) <= limit
        assert page.next >= position
        found += page.events
        if page.at_end:
            return found
        position = page.next


def test_every_event_is_shown_once_with_its_status_then(log, reader):
    assert told(read_all(reader)) == replayed(log)


def test_pages_of_any_size_show_the_same(log, reader):
    everything = replayed(log)
    assert told(read_all(FeedReader(log), limit=7)) == everything
    small = told(read_all(FeedReader(log), Wanted(partner=SHOP), limit=5, scan=11))
    assert small == [each for each in everything if SHOP in each[-2:]]
    rng = random.Random(3)
    for _ in range(30):  # the same reader, from anywhere: what it remembers does not mislead it
        start = rng.randrange(len(everything))
        after = everything[start - 1][0] if start else 0
        page = reader.read(after, 20, ALL)
        assert told(page.events) == everything[start : start + 20]
        assert page.next == page.events[-1].position


def test_nothing_is_remembered_for_ever(log):
    contexts, position, found = OrderContexts(log, most=3), 0, []
    while stored := log.log(position, 10):
        found += contexts.feed_events(stored)
        position = stored[-1].id
    assert told(found) == replayed(log)
    assert len(contexts._kept) == 3


@pytest.mark.parametrize("partner", [THEATRE, CLUB, SHOP, "56810047f06c5a6ac62f4e09"])
def test_a_partner_sees_the_orders_that_it_sells_and_those_of_its_shows(log, reader, partner):
    found = told(read_all(reader, Wanted(partner=partner)))
    assert found == [each for each in replayed(log) if partner in each[-2:]]
    assert bool(found) == (partner in (THEATRE, CLUB, SHOP))


def test_types_and_shows_narrow_the_feed(log, reader):
    [first, _] = SHOWS
    wanted = Wanted(
        partner=SHOP,
        types=frozenset({"orderlog.order.StatusChanged", "orderlog.order.RefundPaid"}),
        shows=frozenset({first}),
    )
    found = told(read_all(reader, wanted))
    assert found
    assert found == [
        each
        for each in replayed(log)
        if SHOP in each[-2:] and each[3] in wanted.types and each[7] == first
    ]


def test_a_page_without_a_match_goes_on_behind_what_it_looked_at(log, reader):
    nobody = Wanted(partner="56810047f06c5a6ac62f4e09")
    page = reader.read(0, 100, nobody, scan=10)
    assert (page.events, page.at_end) == ([], False)
    assert page.next == log.log(0, 10)[-1].id
    last = log.last_position()
    page = reader.read(last, 100, nobody)
    assert (page.events, page.next, page.at_end) == ([], last, True)


def test_a_position_that_is_not_of_this_log_is_refused(log, reader):
    last = log.last_position()
    with pytest.raises(PositionAhead, match=f"ends at position {last}: the position {last + 1} is"):
        reader.read(last + 1, 100, ALL)
    with pytest.raises(PositionOfAnotherLog, match=f"this is the log {log.log_id()}"):
        reader.read(0, 100, ALL, stamp="0" * 32)
    page = reader.read(0, 100, ALL, stamp=log.log_id())
    assert page.stamp.partition(".")[0] == log.log_id()


def test_a_position_whose_event_is_not_that_which_was_read_is_refused(address, tampering):
    """A backup was put in the log's place, and the log has grown beyond the position since."""
    with BoxOffice(address) as office:
        reader = FeedReader(office.store)
        for _ in range(4):
            office.order()
        pages = [reader.read(0, limit, ALL) for limit in (2, 4, 100)]
        pages += [
            reader.read(0, 1, Wanted(shows=frozenset({each.events[-1].show}))) for each in pages
        ]
        [last] = office.store.log(3, 1)
        tampering.delete(last.originator_id, 1)
        for _ in range(3):
            office.order(partner=SAMPLES_SHOP)
        for page in pages:
            if page.next < 4:
                assert reader.read(page.next, 1, ALL, stamp=page.stamp).events
            else:
                with pytest.raises(PositionOfAnotherHistory, match="another event at 4"):
                    reader.read(page.next, 1, ALL, stamp=page.stamp)
                with pytest.raises(PositionOfAnotherHistory):
                    reader.refuse_other(page.next, page.stamp)


def test_the_document_has_the_keys_of_the_contract_and_nothing_of_the_buyer(office):
    order = office.order(2)
    office.name_buyer(order, email="anna@example.org", first_name="Anna", mobile="+79160000000")
    page = FeedReader(office.store).read(0, 100, ALL)
    document = msgspec.json.decode(encoded(page.events[1]))
    assert document == cloud_event(page.events[1])
    number = office.services.history.order(order).order.number
    assert list(document.items()) == [
        ("specversion", "1.0"),
        ("id", "2"),
        ("source", "/v1/feed"),
        ("type", "orderlog.order.CustomerSet"),
        ("subject", order),
        ("time", "2030-01-26T09:25:19.378000+00:00"),
        ("data", document["data"]),
    ]
    assert list(document["data"].items()) == [
        ("position", 2),
        ("order", order),
        ("number", number),
        ("version", 2),
        ("event", "56a6253df06c5a059a93802e"),
        ("status", "executed"),
        ("href", f"/v1/resources/orders/{order}"),
    ]
    assert b"nna" not in b"".join(map(encoded, page.events))


def record(store, order, version, name, state):
    event = StoredEvent(order, version, name, state)

    def decide(within, found):
        store.recorder.insert_events([event], within=within)

    [outcome] = store.write_all([UnitOfWork(ReadSet(order=order), decide)])
    assert not isinstance(outcome, Exception), outcome


AT = b'"at":"2030-01-26T10:00:00Z"'
LATER = [
    ("OrderBlessed.1", b"{%s}" % AT, "OrderBlessed", "executed"),
    ("StatusChanged.2", b'{%s,"status":"blessed"}' % AT, "StatusChanged", "blessed"),
    ("StatusChanged.1", b'{%s,"blessing":1}' % AT, "StatusChanged", "executed"),
    ("CustomerSet.9", b"\xff\x00", "CustomerSet", "executed"),
    ("StatusChanged.7", b'{"status":{"is":"blessed"}}', "StatusChanged", "executed"),
]


@pytest.mark.parametrize(("name", "state", "shown", "status"), LATER)
def test_an_event_of_a_later_version_is_shown_by_its_name(address, name, state, shown, status):
    with BoxOffice(address) as office:
        order = office.order()
        record(office.store, order, 2, name, state)
        other = office.order()
        for reader in (FeedReader(office.store), FeedReader(office.store)):
            _, event, after = reader.read(0, 10, Wanted(partner=ORGANISER)).events
            assert (event.order, event.version) == (order, 2)
            assert (event.type, event.status) == (f"orderlog.order.{shown}", status)
            assert event.at.hour == (10 if AT in state else 9)
            assert after.order == other


@on_one_store
def test_an_order_that_a_later_version_made_is_nobodys(address):
    with BoxOffice(address) as office:
        record(office.store, "5" * 24, 1, "OrderCreated.9", b"sealed")
        mine = office.order()
        reader = FeedReader(office.store)
        assert [e.order for e in reader.read(0, 10, Wanted(partner=ORGANISER)).events] == [mine]
        assert [e.order for e in reader.read(0, 10, ALL).events] == ["5" * 24, mine]
        assert not reader.read(0, 10, Wanted(partner=SAMPLES_SHOP)).events


@on_one_store
def test_a_log_that_went_back_is_read_anew(address, tampering, monkeypatch):
    """A process that goes on after a backup was put in the log's place."""
    with BoxOffice(address) as office:
        order = office.order()
        office.start_payment(order)
        reader = FeedReader(office.store)
        assert reader.read(0, 10, ALL).events[-1].status == "in_progress"
        for version in (2, 3):
            tampering.delete(order, version)
        office.name_buyer(order, email="anna@example.org", first_name="A")
        office.name_buyer(order, email="anna@example.org", first_name="B")
        monkeypatch.setattr("application.feed.reading.CHECK_SECONDS", 0.0)
        reader._check_again = 0.0
        assert [e.status for e in reader.read(1, 10, ALL).events] == ["executed"] * 2
