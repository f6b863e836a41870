"""Order numbers are assigned from a counter, which may not stand below what was drawn."""

import pytest
from click.testing import CliRunner
from seller import BoxOffice

from application.integrity.findings import Kind
from application.integrity.verification import verify
from application.integrity.workers import here
from interface.cli.main import cli


@pytest.fixture
def shop(address):
    with BoxOffice(address) as shop:
        shop.orders = [shop.order() for _ in range(3)]
        yield shop


def found(shop):
    report = verify(shop.services.store, here(shop.services.store), lambda *_: None)
    return [(each.kind, each.order) for each in report.findings]


def number(shop, order):
    return shop.services.history.order(order).order.number


def set_back(tampering, shop):
    """Have the counter forget the last two orders."""
    first = number(shop, shop.orders[0])
    if tampering.lite:
        tampering.run("UPDATE counters SET value = ? WHERE name = 'number'", first)
    else:
        tampering.run("SELECT setval('orders_numbers', ?)", first)


def rebuild(address, *options):
    command = ["projection", "rebuild", "numbers", "--database", address, *options]
    return CliRunner().invoke(cli, command)


def test_counters_that_nobody_touched_are_good(shop, address):
    assert found(shop) == []
    answer = rebuild(address)
    assert (answer.exit_code, answer.stdout.splitlines()[-1]) == (0, "numbers are as the log says.")


def test_a_counter_that_was_set_back_is_found_and_raised(shop, tampering, address):
    set_back(tampering, shop)
    assert found(shop) == [(Kind.NUMBER, None)]
    answer = rebuild(address)
    assert (answer.exit_code, "order numbers" in answer.stdout) == (1, True)
    assert found(shop) == [(Kind.NUMBER, None)]
    assert rebuild(address, "--accept-differences").exit_code == 0
    assert found(shop) == []
    with_next = BoxOffice(address)
    try:
        assert number(shop, with_next.order()) > number(shop, shop.orders[-1])
    finally:
        with_next.services.close()


def test_a_counter_that_is_gone_is_found_and_made_again(shop, tampering, address):
    if not tampering.lite:
        pytest.skip("a sequence that is gone stops every sale")
    tampering.run("DELETE FROM counters WHERE name = 'number'")
    assert found(shop) == [(Kind.NUMBER, None)]
    assert rebuild(address, "--accept-differences").exit_code == 0
    assert found(shop) == []


def test_two_orders_with_one_number_are_found(shop, tampering, address):
    set_back(tampering, shop)
    late = BoxOffice(address)
    try:
        again = late.order()
    finally:
        late.services.close()
    assert number(shop, again) == number(shop, shop.orders[1])
    assert (Kind.NUMBER, again) in found(shop)


def test_a_sequence_of_positions_that_was_set_back_is_found_and_raised(shop, tampering, address):
    if tampering.lite:
        pytest.skip("a position is the one after the last of the log")
    tampering.run("SELECT setval('orders_events_notification_id_seq', 1)")
    assert found(shop) == [(Kind.NUMBER, None)]
    assert rebuild(address, "--accept-differences").exit_code == 0
    assert found(shop) == []
    last = shop.services.store.last_position()
    shop.order()
    assert shop.services.store.last_position() > last
