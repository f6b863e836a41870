"""Who changes the database behind the service's back is found, and what they changed is named."""

import threading
from contextlib import closing

import pytest
from eventsourcing.persistence import StoredEvent
from mixed_orders import load_shows, make_mixed_orders
from seller import BoxOffice, seat
from tampering import Tampering

from application.bootstrap import build, opener_of
from application.event_log.event_mapper import event_of
from application.event_log.hash_chain import genesis, link
from application.integrity import ranges, verification
from application.integrity.checkpoint import LogContradicts
from application.integrity.findings import Kind
from application.integrity.key_place import KeyPlace
from application.integrity.statement import statement_of
from application.integrity.verification import verify
from application.integrity.workers import here, in_processes, started
from application.projector.loop import catch_up
from application.projector.rebuild import rebuild
from application.read_models.registry import PROJECTIONS
from application.settings import Settings
from domain.events import STORED_NAMES


class Shop(BoxOffice):
    """Has sold to four buyers; the last of them came after the checkpoint.

    `paid` has four events, `held` one and two seats, `canceled` two; `late` has two.
    """

    def __init__(self, database, key):
        super().__init__(database, audit_key=str(key))
        self.checkpoints = self.services.checkpoints
        self.paid = self.order(seats=[seat(1)])
        self.start_payment(self.paid)
        self.finish(self.paid)
        self.held = self.order(seats=[seat(10), seat(11)])
        self.canceled = self.order(seats=[seat(20), seat(21)])
        self.cancel(self.canceled)
        self.checkpoints.make()
        self.later(minutes=1)
        self.late = self.order(seats=[seat(30)])
        self.name_buyer(self.late, email="buyer@example.com")
        self.catch_up()

    def verify(self, **more):
        return verify(self.services.store, here(self.services.store), lambda *_: None, **more)


@pytest.fixture
def shop(address, tmp_path):
    shop = Shop(address, tmp_path / "key")
    yield shop
    shop.services.close()


def found(shop, *kinds, **more):
    """What is found, as (kind, order, version, position); only of these kinds, if any are named."""
    report = shop.verify(**more)
    assert report.wrong == len(report.findings)
    return [
        (each.kind, each.order, each.version, each.position)
        for each in report.findings
        if not kinds or each.kind in kinds
    ]


def test_a_log_that_nobody_touched_is_good(shop):
    report = shop.verify()
    assert report.findings == []
    assert (report.events, report.orders, report.unsigned) == (9, 4, 2)
    assert report.position == shop.services.store.last_position()
    assert (report.holdings, report.tickets, report.checkpoints) == (6, 6, 1)
    assert report.good


# Events.


def test_changed_bytes_of_a_event(shop, tampering):
    tampering.edit(shop.paid, 2, b"api/BASE", b"api/EVIL")
    assert (Kind.CHANGED, shop.paid, 2, tampering.position_of(shop.paid, 2)) in found(shop)
    assert len(found(shop, Kind.CHANGED)) == 1


def test_changed_bytes_of_the_newest_event(shop, tampering):
    tampering.edit(shop.late, 2, b"buyer@", b"other@")
    place = tampering.position_of(shop.late, 2)
    assert found(shop, Kind.CHANGED) == [(Kind.CHANGED, shop.late, 2, place)]


def test_a_changed_name_of_a_event(shop, tampering):
    tampering.set(shop.paid, 2, "topic", "CustomerSet.1")
    assert (Kind.CHANGED, shop.paid, 2, tampering.position_of(shop.paid, 2)) in found(shop)


def test_a_event_that_cannot_be_read_any_more(shop, tampering):
    tampering.set(shop.held, 1, "state", b"nonsense")
    assert found(shop, Kind.CHANGED) == [
        (Kind.CHANGED, shop.held, 1, tampering.position_of(shop.held, 1))
    ]
    tampering.rechain(shop.held)
    place = tampering.position_of(shop.held, 1)
    assert (Kind.UNREADABLE, shop.held, 1, place) in found(shop)
    assert (Kind.REWRITTEN, shop.held, 1, place) in found(shop)


def test_a_changed_hash(shop, tampering):
    tampering.set(shop.paid, 4, "hash", b"\0" * 32)
    place = tampering.position_of(shop.paid, 4)
    assert set(found(shop)) >= {
        (Kind.CHANGED, shop.paid, 4, place),
        (Kind.REWRITTEN, shop.paid, 4, place),
    }


def test_a_event_taken_out_of_the_middle(shop, tampering):
    tampering.delete(shop.paid, 2)
    assert [each[:3] for each in found(shop, Kind.MISSING) if each[1]] == [
        (Kind.MISSING, shop.paid, 2)
    ]


def test_the_last_event_of_an_order_cut_off(shop, tampering):
    tampering.delete(shop.paid, 4)
    assert [each[:3] for each in found(shop, Kind.MISSING) if each[1]] == [
        (Kind.MISSING, shop.paid, 4)
    ]
    assert found(shop, Kind.TICKET)[0][1] == shop.paid


def test_the_very_last_event_of_the_log_cut_off_before_it_was_signed(shop, tampering):
    """Nothing was signed over it yet: the read models still know of it."""
    tampering.delete(shop.late, 2)
    assert {each[:2] for each in found(shop, Kind.READ_MODEL)} == {(Kind.READ_MODEL, shop.late)}


def test_a_whole_order_taken_out(shop, tampering):
    tampering.delete(shop.canceled, 1)
    tampering.delete(shop.canceled, 2)
    assert (Kind.MISSING, shop.canceled, 1, None) in found(shop)


def test_a_whole_order_taken_out_with_all_that_tells_of_it(shop, tampering):
    """Its recorded heads too: then the signature tells, and the positions narrow it down."""
    place = tampering.position_of(shop.canceled, 1)
    for version in (1, 2):
        tampering.delete(shop.canceled, version)
    tampering.run("DELETE FROM heads WHERE order_id = ?", shop.canceled, file="-views-witness")
    for name in ("orders", "sales", "holds", "refunds"):
        table, file = tampering.model(name)
        tampering.run(f"DELETE FROM {table}", file=file)
    findings = shop.verify().findings
    assert {Kind.RECORDED_HEADS, Kind.CHECKPOINT} <= {each.kind for each in findings}
    if tampering.lite:
        assert [each.position for each in findings if each.kind is Kind.MISSING] == [place]


def test_a_event_that_the_service_did_not_write(shop, tampering):
    tampering.insert(shop.held, 2, "StatusChanged.1", tampering.event(shop.paid, 4)[1])
    place = tampering.position_of(shop.held, 2)
    assert (Kind.REORDERED, shop.held, 2, place) in found(shop)
    state = tampering.event(shop.paid, 4)[1].replace(shop.paid.encode(), shop.held.encode())
    tampering.set(shop.held, 2, "state", state.replace(b'"version":4', b'"version":2'))
    assert (Kind.INSERTED, shop.held, 2, place) in found(shop)


def test_an_order_slipped_in_before_what_was_signed(shop, tampering):
    order = "f" * 24
    state = tampering.event(shop.held, 1)[1].replace(shop.held.encode(), order.encode())
    own = link(genesis(order), order, 1, "OrderCreated.1", state)
    tampering.insert(order, 1, "OrderCreated.1", state, own=own, position=-7)
    assert (Kind.INSERTED, order, 1, -7) in found(shop)


def test_a_event_slipped_in_before_what_was_signed(shop, tampering):
    state = tampering.event(shop.canceled, 2)[1].replace(shop.canceled.encode(), shop.held.encode())
    tampering.insert(shop.held, 2, "StatusChanged.1", state, position=-7)
    tampering.rechain(shop.held)
    assert (Kind.INSERTED, shop.held, 2, -7) in found(shop)


def test_a_event_of_an_order_whose_id_is_none_of_ours(shop, tampering):
    """SQLite keeps bytes where an id should be."""
    order = b"\xff" * 4 if tampering.lite else "x" * 80
    tampering.insert(order, 1, "OrderCreated.1", tampering.event(shop.held, 1)[1])
    name = "FFFFFFFF" if tampering.lite else "x" * 60
    assert name in {each[1] for each in found(shop, Kind.INSERTED, Kind.REORDERED)}


def test_two_events_of_an_order_swapped(shop, tampering):
    tampering.swap((shop.paid, 2), (shop.paid, 3), "state")
    tampering.swap((shop.paid, 2), (shop.paid, 3), "topic")
    places = {version: tampering.position_of(shop.paid, version) for version in (2, 3)}
    assert set(found(shop)) >= {
        (Kind.REORDERED, shop.paid, version, place) for version, place in places.items()
    }


def test_events_of_two_orders_swapped(shop, tampering):
    tampering.swap((shop.held, 1), (shop.canceled, 1), "state")
    assert {each[:3] for each in found(shop, Kind.REORDERED)} == {
        (Kind.REORDERED, shop.held, 1),
        (Kind.REORDERED, shop.canceled, 1),
    }


def test_positions_of_two_events_swapped(shop, tampering):
    tampering.swap((shop.held, 1), (shop.canceled, 1), "POSITION")
    assert {each[:3] for each in found(shop, Kind.REORDERED)} == {
        (Kind.REORDERED, shop.held, 1),
        (Kind.REORDERED, shop.canceled, 2),
    }


def test_an_order_whose_later_event_has_the_earlier_position(shop, tampering):
    tampering.swap((shop.late, 1), (shop.late, 2), "POSITION")
    assert found(shop, Kind.REORDERED)[0][:3] == (Kind.REORDERED, shop.late, 2)


def test_hashes_made_anew_after_a_checkpoint(shop, tampering):
    tampering.edit(shop.paid, 2, b"api/BASE", b"api/EVIL")
    tampering.rechain(shop.paid)
    place = tampering.position_of(shop.paid, 4)
    assert (Kind.REWRITTEN, shop.paid, 4, place) in found(shop)
    assert (Kind.CHECKPOINT, None, None, 7) in found(shop)


def test_hashes_made_anew_and_a_later_checkpoint_that_does_not_wash_them_clean(shop, tampering):
    tampering.edit(shop.held, 1, b'"lang":"ru"', b'"lang":"en"')
    tampering.rechain(shop.held)
    shop.start_payment(shop.held)
    shop.checkpoints.make()
    shop.catch_up()
    assert shop.held in {each[1] for each in found(shop, Kind.INSERTED, Kind.REWRITTEN)}
    assert not shop.verify().good


def test_an_attacker_who_changes_the_recorded_heads_too(shop, tampering):
    tampering.edit(shop.paid, 2, b"api/BASE", b"api/EVIL")
    tampering.rechain(shop.paid)
    tampering.rewitness(shop.paid)
    kinds = {each[0] for each in found(shop)}
    assert kinds >= {Kind.RECORDED_HEADS, Kind.CHECKPOINT}
    assert Kind.REWRITTEN not in kinds


# Checkpoints.


def checkpoints(shop, **more):
    return [
        each.checkpoint for each in shop.verify(**more).findings if each.kind is Kind.CHECKPOINT
    ]


def edit_statement(tampering, number, old, new):
    [(statement,)] = tampering.run("SELECT statement FROM checkpoints WHERE number = ?", number)
    assert old in statement
    tampering.run(
        "UPDATE checkpoints SET statement = ? WHERE number = ?",
        statement.replace(old, new),
        number,
    )


@pytest.fixture
def signed_thrice(shop):
    shop.checkpoints.make()
    shop.order(0)
    shop.checkpoints.make()
    shop.catch_up()
    assert shop.verify().good
    assert shop.verify().checkpoints == 3
    return shop


@pytest.mark.parametrize("number", [1, 3])
def test_an_edited_checkpoint(signed_thrice, tampering, number):
    edit_statement(tampering, number, b'"orders":', b'"orders":1')
    assert number in checkpoints(signed_thrice)


def test_a_checkpoint_that_is_nonsense(signed_thrice, tampering):
    tampering.run("UPDATE checkpoints SET statement = ? WHERE number = 2", b"nonsense")
    assert 2 in checkpoints(signed_thrice)


def test_an_edited_signature(signed_thrice, tampering):
    tampering.run("UPDATE checkpoints SET signature = ? WHERE number = 2", b"\1" * 64)
    assert checkpoints(signed_thrice) == [2]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_checkpoint_taken_out(signed_thrice, tampering, number):
    tampering.run("DELETE FROM checkpoints WHERE number = ?", number)
    assert checkpoints(signed_thrice) == [number]


def test_checkpoints_in_another_order(signed_thrice, tampering):
    for old, new in ((2, 9), (3, 2), (9, 3)):
        tampering.run("UPDATE checkpoints SET number = ? WHERE number = ?", new, old)
    assert checkpoints(signed_thrice) == [2, 3]


def test_a_checkpoint_signed_with_another_key(signed_thrice, tmp_path):
    shop = signed_thrice
    shop.checkpoints.place = KeyPlace(str(tmp_path / "forged"))
    shop.checkpoints.make(adopt=True)
    assert checkpoints(shop) == [4]
    assert checkpoints(shop, trusted=shop.checkpoints.public_key) == []


def test_the_log_against_a_checkpoint_that_was_kept_elsewhere(shop, tampering):
    """The tampering takes back all that was signed since, and everything that tells of it."""
    shop.checkpoints.make()
    anchor = shop.services.store.audit().last_checkpoint()
    tampering.delete(shop.late, 2)
    tampering.rewitness(shop.late)
    tampering.run("DELETE FROM checkpoints WHERE number = 2")
    for statement in (
        "UPDATE witness SET position = position - 1, checkpoint = 1",
        "UPDATE drawers SET digest = NULL",
    ):
        tampering.run(statement, file="-views-witness")
    for projection in PROJECTIONS.values():
        rebuild(shop.services.store, projection, lambda *_: None, accept_differences=True)
    assert shop.verify().good
    [finding] = shop.verify(anchors=[anchor]).findings
    assert (finding.kind, finding.checkpoint) == (Kind.CHECKPOINT, 2)


def test_which_checkpoint_the_log_disagrees_with_first(shop, tampering):
    """Only the signatures tell; the one before the change is still good."""
    shop.checkpoints.make()
    order = shop.order(0)
    shop.checkpoints.make()
    tampering.edit(shop.late, 2, b"buyer@", b"other@")
    tampering.rechain(shop.late)
    tampering.rewitness(shop.late)
    store = shop.services.store
    report = verification._first_broken(
        store, here(store), [statement_of(each) for each in store.audit().checkpoints()]
    )
    assert report.number == 2
    assert order


def test_nothing_is_signed_over_a_log_that_contradicts_the_last_checkpoint(shop, tampering):
    """The recorded heads are gone: they are made anew, and have to agree with what was signed."""
    tampering.run("DELETE FROM heads", file="-views-witness")
    tampering.run("DELETE FROM drawers", file="-views-witness")
    tampering.run("UPDATE witness SET position = 0", file="-views-witness")
    shop.checkpoints.make()
    assert shop.verify().good
    tampering.edit(shop.paid, 2, b"api/BASE", b"api/EVIL")
    tampering.rechain(shop.paid)
    tampering.run("DELETE FROM heads", file="-views-witness")
    tampering.run("DELETE FROM drawers", file="-views-witness")
    tampering.run("UPDATE witness SET position = 0", file="-views-witness")
    shop.order(0)
    with pytest.raises(LogContradicts):
        shop.checkpoints.make()


# Tickets.


def test_a_ticket_given_to_another_order(shop, tampering):
    tampering.run("UPDATE tickets SET order_id = ? WHERE id = ?", shop.late, seat(10))
    tickets = [each for each in shop.verify().findings if each.kind is Kind.TICKET]
    assert {(each.order, each.ticket) for each in tickets} == {
        (shop.held, seat(10)),
        (shop.late, seat(10)),
    }


def test_a_ticket_freed(shop, tampering):
    tampering.run("UPDATE tickets SET order_id = NULL, held_till = NULL WHERE id = ?", seat(10))
    assert found(shop) == [(Kind.TICKET, shop.held, 1, tampering.position_of(shop.held, 1))]


def test_a_ticket_held_for_longer(shop, tampering):
    tampering.run("UPDATE tickets SET held_till = held_till + 1 WHERE id = ?", seat(10))
    assert found(shop) == [(Kind.TICKET, shop.held, 1, tampering.position_of(shop.held, 1))]


def test_a_ticket_sold_without_a_payment(shop, tampering):
    tampering.run("UPDATE tickets SET held_till = NULL WHERE id = ?", seat(11))
    assert [each.ticket for each in shop.verify().findings] == [seat(11)]


def test_a_ticket_kept_for_an_order_that_never_was(shop, tampering):
    tampering.run("UPDATE tickets SET order_id = ? WHERE id = ?", "e" * 24, seat(15))
    assert found(shop) == [(Kind.TICKET, "e" * 24, None, None)]


def test_a_ticket_taken_out(shop, tampering):
    tampering.run("DELETE FROM tickets WHERE id = ?", seat(11))
    assert [each.ticket for each in shop.verify().findings] == [seat(11)] * 2


# Read models.


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("orders", "document = substr(document, 2)"),
        ("orders", "number = number + 1"),
        ("orders", "status = 'done'"),
        ("holds", "reserved_till = reserved_till + 1"),
    ],
)
def test_a_changed_row_of_a_read_model(shop, tampering, name, change):
    table, file = tampering.model(name)
    tampering.run(f"UPDATE {table} SET {change} WHERE key = ?", shop.held, file=file)
    [finding] = shop.verify().findings
    assert (finding.kind, finding.order, finding.model) == (Kind.READ_MODEL, shop.held, name)
    assert finding.position == shop.services.store.last_position()


def test_a_row_of_a_read_model_taken_out(shop, tampering):
    table, file = tampering.model("orders")
    tampering.run(f"DELETE FROM {table} WHERE key = ?", shop.paid, file=file)
    assert [each[:3] for each in found(shop)] == [(Kind.READ_MODEL, shop.paid, 4)]


def test_a_row_of_a_read_model_for_no_order(shop, tampering):
    table, file = tampering.model("orders")
    tampering.run(f"UPDATE {table} SET key = ? WHERE key = ?", "e" * 24, shop.paid, file=file)
    assert {each[:2] for each in found(shop)} == {
        (Kind.READ_MODEL, shop.paid),
        (Kind.READ_MODEL, "e" * 24),
    }


def test_a_changed_sum(shop, tampering):
    table, file = tampering.model("sales")
    tampering.run(f"UPDATE {table} SET sold = sold + 1", file=file)
    findings = shop.verify().findings
    assert {(each.kind, each.model) for each in findings} == {(Kind.READ_MODEL, "sales")}


def test_a_read_model_that_is_behind_is_not_wrong(shop):
    shop.cancel(shop.held)
    shop.order()
    assert shop.verify().good


# Oversold.


def sell_twice(shop):
    """Another order has what the held one has."""
    store, order = shop.services.store, "e" * 24
    [first] = store.events(shop.held)
    state = first.state.replace(shop.held.encode(), order.encode())
    store.recorder.insert_events([StoredEvent(order, 1, first.topic, state)])
    return order


def test_a_ticket_that_two_orders_have_at_the_same_instant(shop):
    """As if the rows of tickets had not kept them apart."""
    store, order = shop.services.store, sell_twice(shop)
    clashes = [each for each in shop.verify().findings if each.kind is Kind.OVERSOLD]
    assert [(each.order, each.position, each.ticket) for each in clashes] == [
        (order, store.last_position(), seat(10)),
        (order, store.last_position(), seat(11)),
    ]
    assert shop.held in clashes[0].says


def test_what_was_found_is_kept_for_those_who_watch(shop):
    records = shop.services.store.audit()
    assert records.last_verification() is None
    report = shop.verify()
    good = records.last_verification()
    assert (good.events, good.findings, good.oversold) == (9, 0, 0)
    assert (good.position, good.took) == (report.position, round(report.seconds * 1000))
    sell_twice(shop)
    report = shop.verify()
    records.forget_recorded_heads()
    bad = records.last_verification()
    assert (bad.events, bad.findings, bad.oversold) == (10, report.wrong, 2)
    assert bad.at >= good.at


def test_a_database_that_takes_no_note_is_verified_all_the_same(shop, tampering):
    tampering.run("DROP TABLE verification", file="-views-witness")
    assert shop.verify().good


def test_a_ticket_that_went_from_one_order_to_the_next_was_not_oversold(shop):
    shop.request_seats(shop.held, seat(11))
    shop.order(seats=[seat(10)])
    shop.later(minutes=10)
    shop.sweep()
    shop.order(seats=[seat(10), seat(11)])
    shop.catch_up()
    report = shop.verify()
    assert report.findings == []
    assert (report.holdings, report.tickets) == (9, 6)


# Many orders, and a service that goes on.


def test_mixed_orders_of_every_kind_are_good_in_one_process_and_in_several(services, address):
    load_shows(services.store, 1500)
    make_mixed_orders(services, 500, batch=100)
    for name in PROJECTIONS:
        catch_up(services.store, name)
    events = [event_of(each) for each in services.store.log(0, 10_000)]
    assert {STORED_NAMES[type(event)] for event in events} == set(STORED_NAMES.values())
    report = verify(services.store, here(services.store), lambda *_: None)
    assert report.findings == []
    assert report.events == len(events)
    Tampering(address).edit(events[0].originator_id, 1, b'"lang":"', b'"lang":"x')
    alone = verify(services.store, here(services.store), lambda *_: None)
    together = verify(services.store, in_processes(opener_of(address), 2), lambda *_: None)
    assert alone.wrong
    assert together.findings == alone.findings
    assert together.events == alone.events


def test_ranges_come_to_the_same_as_the_whole(services, monkeypatch):
    load_shows(services.store, 600)
    make_mixed_orders(services, 200, batch=50)
    for name in PROJECTIONS:
        catch_up(services.store, name)
    done = []
    monkeypatch.setattr(ranges, "PART_EVENTS", 50)
    report = verify(services.store, here(services.store), lambda *told: done.append(told))
    assert report.findings == []
    assert len(done) > 5
    assert done[-1] == (report.events, report.position)


@pytest.mark.parametrize("ahead", [1, 7])
def test_rows_are_cut_at_the_bounds_of_the_partitions(address, monkeypatch, ahead):
    with closing(build(Settings(database=address))) as services:
        load_shows(services.store, 300)
        make_mixed_orders(services, 60, batch=20)
        for name in PROJECTIONS:
            catch_up(services.store, name)
        monkeypatch.setattr(ranges, "PART_EVENTS", 20)
        monkeypatch.setattr(ranges, "ROWS_AHEAD", ahead)
        report = verify(services.store, here(services.store), lambda *_: None)
    assert report.findings == []
    assert report.recorded > 0


def test_processes_that_were_started_ahead_find_the_same(shop, tampering, address, monkeypatch):
    monkeypatch.setattr(ranges, "PART_EVENTS", 3)
    tampering.edit(shop.paid, 2, b"api/BASE", b"api/EVIL")
    expected = shop.verify()
    with started(opener_of(address), 2) as workers:
        report = verify(shop.services.store, workers, lambda *_: None)
    assert report.findings == expected.findings
    assert report.findings


def test_a_service_that_sells_on_is_not_accused(address, tmp_path):
    """Orders are made and changed and expire, read models and checkpoints are made meanwhile."""
    with closing(build(Settings(database=address, audit_key=str(tmp_path / "key")))) as services:
        load_shows(services.store, 20_000)
        make_mixed_orders(services, 200, batch=50)
        services.checkpoints.make()
        over = threading.Event()

        def sell_on():
            with closing(build(Settings(database=address, audit_key=str(tmp_path / "key")))) as own:
                seed = 2
                while not over.is_set():
                    make_mixed_orders(own, 20, seed=seed, batch=5)
                    for name in PROJECTIONS:
                        catch_up(own.store, name)
                    own.checkpoints.make()
                    seed += 1

        selling = threading.Thread(target=sell_on)
        selling.start()
        reports = []
        try:
            for _ in range(3):
                before = services.store.last_position()
                services.store.wait_for_news(before, seconds=10)
                reports.append(verify(services.store, here(services.store), lambda *_: None))
        finally:
            over.set()
            selling.join()
    assert [each.findings for each in reports] == [[], [], []]
    assert reports[0].position < reports[2].position


def test_a_log_without_a_catalogue_has_no_rows_of_tickets_to_compare(shop, tampering):
    """As one that was imported."""
    tampering.run("DELETE FROM catalog")
    tampering.run("DELETE FROM tickets")
    tampering.run("DELETE FROM ticket_lists")
    report = shop.verify()
    assert report.findings == []
    assert not report.with_tickets
