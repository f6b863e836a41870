"""Who has which ticket is compared with the log, and put right where it differs."""

import threading

import pytest
from click.testing import CliRunner
from eventsourcing.persistence import StoredEvent
from mixed_orders import SHOWS, load_shows, make_mixed_orders

from application.bootstrap import opener_of
from application.ports.read_models import KeyTwice, Row
from application.projector.generations import Loading
from application.projector.ticket_check import check_tickets
from application.projector.workers import in_processes
from application.read_models.tickets import TABLE
from interface.cli.main import cli


def quietly(done, total):
    pass


@pytest.fixture
def sold(services):
    load_shows(services.store, 300)
    make_mixed_orders(services, 60, batch=30)
    return services


def tickets(services):
    return {each.id: each for show in SHOWS for each in services.store.tickets(show)}


def held(services):
    return [each for each in tickets(services).values() if each.order is not None]


def vacant(services):
    return [each for each in tickets(services).values() if each.order is None]


def spoil(services, *changes):
    """Write to the tickets' rows what the log does not say."""
    with services.store.ownership().repairing() as repairing:
        for ticket, row in changes:
            assert repairing.put(ticket, row)


def rebuild(address, *options):
    return CliRunner().invoke(
        cli, ["projection", "rebuild", "tickets", "--workers", "1", "--database", address, *options]
    )


def test_tickets_are_as_the_log_says(sold, address):
    loading = Loading(opener_of(address), in_processes(2), range_events=60)
    outcome = check_tickets(sold.store, quietly, loading)
    assert (outcome.differences, outcome.position) == (0, sold.store.last_position())
    assert sold.store.read_models().build(TABLE) is None
    assert rebuild(address).exit_code == 0


def test_rows_that_are_wrong_are_shown_and_put_right(sold, address):
    before = tickets(sold)
    lost, late, sold_off = held(sold)[:3]
    given = vacant(sold)[0]
    spoil(
        sold,
        (lost.id, None),
        (late.id, Row(late.id, (late.order, 1))),
        (sold_off.id, Row(sold_off.id, ("0" * 24, None))),
        (given.id, Row(given.id, (lost.order, None))),
    )
    wrong = tickets(sold)
    answer = rebuild(address)
    assert (answer.exit_code, "4 rows differ" in answer.stdout) == (1, True)
    assert tickets(sold) == wrong
    assert rebuild(address, "--check", "--accept-differences").exit_code == 1
    assert tickets(sold) == wrong
    answer = rebuild(address, "--accept-differences")
    assert (answer.exit_code, answer.stdout.splitlines()[-1]) == (0, "tickets are put right.")
    assert tickets(sold) == before
    assert check_tickets(sold.store, quietly).differences == 0


def test_sales_go_on_while_tickets_are_compared_and_put_right(sold, open_services):
    other = open_services()
    over = threading.Event()

    def sell_on():
        seed = 2
        while not over.is_set():
            make_mixed_orders(other, 10, seed=seed, batch=5)
            seed += 1

    selling = threading.Thread(target=sell_on)
    selling.start()
    try:
        for _ in range(4):
            assert check_tickets(sold.store, quietly).differences == 0
        lost = next(each for each in held(sold) if each.held_till is None)
        spoil(sold, (lost.id, Row(lost.id, ("0" * 24, None))))
        while check_tickets(sold.store, quietly, repair=True).differences == 0:
            pass
    finally:
        over.set()
        selling.join()
    assert tickets(sold)[lost.id] == lost
    assert check_tickets(sold.store, quietly).differences == 0


def append(services, order, text):
    event = StoredEvent(order, len(services.store.events(order)) + 1, "TicketsChanged.1", text)
    services.store.recorder.insert_events([event])


def changed(order, ticket):
    text = (
        f'{{"order":"{order}","version":9,"at":"2030-06-01T12:00:00Z","actor":"a","request":"r",'
        f'"added":{{"{ticket}":"{"5" * 24}"}}}}'
    )
    return text.encode()


def test_a_ticket_that_is_not_in_the_catalogue_is_told(sold, address):
    order = next(each.order for each in held(sold) if each.held_till is None)
    append(sold, order, changed(order, "f" * 24))
    answer = rebuild(address, "--accept-differences")
    assert answer.exit_code == 1
    assert "f" * 24 in answer.stdout
    assert "not in the catalogue" in answer.stdout


def test_a_log_that_gives_a_ticket_to_two_orders_is_told(sold, address):
    first, second = [each for each in held(sold) if each.held_till is None][:2]
    if first.order == second.order:
        second = next(each for each in held(sold) if each.order != first.order)
    append(sold, second.order, changed(second.order, first.id))
    with pytest.raises(KeyTwice, match=first.id):
        check_tickets(sold.store, quietly)
    assert rebuild(address).exit_code == 1


def test_there_is_no_earlier_table_of_tickets(sold, address):
    command = ["projection", "rollback", "tickets", "--database", address]
    assert CliRunner().invoke(cli, command).exit_code == 2
