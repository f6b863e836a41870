"""The rows of tickets are held against the lists that the catalogue made, and made again."""

from contextlib import closing

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from seller import PARTERRE, SAMPLE, SHOW, BoxOffice, seat

from application.bootstrap import open_copyable, open_store
from application.catalog.loading import load_catalog
from application.copying.copy import copy
from application.integrity.findings import Kind
from application.integrity.verification import verify
from application.integrity.workers import here
from application.ports.ticket_lists import BadList, packed, unpacked
from application.read_models.registry import PROJECTIONS
from interface.cli.main import cli

ANOTHER_SET = "5" * 24


@pytest.fixture
def shop(address):
    with BoxOffice(address) as shop:
        shop.sold = shop.order(seats=[seat(1), seat(2)])
        shop.catch_up()
        yield shop


def report(store):
    return verify(store, here(store), lambda *_: None)


def found(shop):
    findings = report(shop.services.store).findings
    assert {each.kind for each in findings} <= {Kind.TICKET}
    return sorted({each.ticket for each in findings}, key=str)


def rebuild(address, *options):
    command = ["projection", "rebuild", "tickets", "--workers", "1", "--database", address]
    return CliRunner().invoke(cli, [*command, *options])


def tickets(shop):
    return [each for show in SAMPLE.events for each in shop.services.store.tickets(show.show.id)]


def another_show():
    return next(each.show.id for each in SAMPLE.events if each.show.id != SHOW)


WRONG = {
    "a vacant one is gone": "DELETE FROM tickets WHERE id = 'VACANT'",
    "a sold one is gone": "DELETE FROM tickets WHERE id = 'SOLD'",
    "in another set": "UPDATE tickets SET set_id = 'SET' WHERE id = 'VACANT'",
    "sold, in another set": "UPDATE tickets SET set_id = 'SET' WHERE id = 'SOLD'",
    "in another show": "UPDATE tickets SET show_id = 'SHOW' WHERE id = 'VACANT'",
    "another number": "UPDATE tickets SET number = number + 5000 WHERE id = 'VACANT'",
    "another seat": "UPDATE tickets SET seat = 'NOTHING' WHERE id = 'SOLD'",
    "all vacant ones are gone": "DELETE FROM tickets WHERE order_id IS NULL",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_row_that_was_touched_is_found_and_put_right(shop, tampering, address, wrong):
    before = tickets(shop)
    assert found(shop) == []
    statement = WRONG[wrong].replace("VACANT", seat(7)).replace("SOLD", seat(1))
    statement = statement.replace("SET'", f"{ANOTHER_SET}'").replace("SHOW", another_show())
    tampering.run(statement)
    named = seat(1) if "SOLD" in WRONG[wrong] else seat(7)
    assert named in found(shop)
    wrong_ones = tickets(shop)
    assert rebuild(address).exit_code == 1
    assert tickets(shop) == wrong_ones
    answer = rebuild(address, "--accept-differences")
    assert (answer.exit_code, answer.stdout.splitlines()[-1]) == (0, "tickets are put right.")
    assert tickets(shop) == before
    assert found(shop) == []
    assert rebuild(address).exit_code == 0


def test_a_row_too_many_is_found_and_removed_if_nobody_has_it(shop, tampering, address):
    before = tickets(shop)
    row = "INSERT INTO tickets VALUES (?, ?, ?, 9999, ?, 5, ?, NULL)"
    tampering.run(row, "f" * 24, SHOW, PARTERRE, b"{}", None)
    assert found(shop) == ["f" * 24]
    assert rebuild(address, "--accept-differences").exit_code == 0
    assert tickets(shop) == before
    tampering.run(row, "f" * 24, SHOW, PARTERRE, b"{}", shop.sold)
    assert found(shop) == ["f" * 24]
    rebuild(address, "--accept-differences")
    assert rebuild(address, "--accept-differences").exit_code == 0
    assert tickets(shop) == before


def test_lists_that_were_touched_are_found_and_made_again(shop, tampering, address):
    for statement in (
        "DELETE FROM ticket_lists",
        f"UPDATE ticket_lists SET tickets = 'nonsense' WHERE show_id = '{SHOW}'",
    ):
        tampering.run(statement)
        assert found(shop) == [None]
        assert rebuild(address).exit_code == 1
        assert rebuild(address, "--accept-differences").exit_code == 0
        assert found(shop) == []


def test_rows_and_list_taken_out_together_are_missed_by_the_catalogue(shop, tampering):
    tampering.run("DELETE FROM tickets WHERE id = ?", seat(9))
    rows = [
        (each.id, each.set, each.number, each.seat) for each in shop.services.store.tickets(SHOW)
    ]
    tampering.run("UPDATE ticket_lists SET tickets = ? WHERE show_id = ?", packed(rows), SHOW)
    [finding] = report(shop.services.store).findings
    assert (finding.kind, PARTERRE in finding.says) == (Kind.TICKET, True)


def test_a_catalogue_that_was_taken_out_is_missed(shop, tampering):
    tampering.run("DELETE FROM catalog WHERE kind = 'event'")
    assert report(shop.services.store).with_tickets
    assert found(shop) == [None]
    tampering.run("DELETE FROM ticket_lists")
    assert found(shop) == [None]


def changed(entry):
    """A show with fewer tickets, the first of each set in another seat."""
    tickets = {
        name: wanted - 3
        if isinstance(wanted, int)
        else (replace(wanted[0], seat={"row": 77}), *wanted[1:-2])
        for name, wanted in entry.tickets.items()
    }
    counts = {name: each if isinstance(each, int) else len(each) for name, each in tickets.items()}
    sets = tuple(replace(each, amount=counts[each.id]) for each in entry.show.sets)
    return replace(entry, show=replace(entry.show, sets=sets), tickets=tickets)


def test_a_catalogue_may_change(shop):
    """What is loaded takes some tickets away, adds them again and reseats others."""
    before = len(tickets(shop))
    news = replace(SAMPLE, events=tuple(map(changed, SAMPLE.events)))
    load_catalog(shop.services.store, news, shop.time)
    assert len(tickets(shop)) < before
    assert found(shop) == []
    load_catalog(shop.services.store, SAMPLE, shop.time)
    assert len(tickets(shop)) == before
    assert found(shop) == []


def test_loading_a_catalogue_does_not_take_what_was_touched_for_its_own(shop, tampering):
    tampering.run("UPDATE tickets SET set_id = ? WHERE id = ?", ANOTHER_SET, seat(1))
    with shop.services.store.change_catalog() as change:
        change.put("partner", "another", b'{"id":"another","name":"a","language":"ru"}')
    assert found(shop) == [seat(1)]


def test_a_copy_has_the_lists(shop, tmp_path):
    target = f"sqlite:///{tmp_path / 'copy.db'}"
    with (
        closing(open_copyable(shop.database, make=False)) as source,
        closing(open_copyable(target, make=True)) as into,
    ):
        copy(source, into, lambda *_: None)
    with closing(open_store(target)) as store:
        assert [each for each in report_of_copy(store) if each.kind is Kind.TICKET] == []
        with store.derived_records().catalog_moment() as moment:
            assert {show for show, _ in moment.ticket_lists()} >= {SHOW}


def report_of_copy(store):
    for projection in PROJECTIONS.values():
        store.read_models().ensure(projection.table)
    return report(store).findings


def test_what_is_no_list_is_refused():
    listed = [("b", "set", 2, b"{}"), ("a", "set", 1, b"{}")]
    assert unpacked(packed(listed)) == [listed[1], listed[0]]
    for data in (b"", b"nonsense", packed(listed)[:-3]):
        with pytest.raises(BadList):
            unpacked(data)
