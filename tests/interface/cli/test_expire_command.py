"""`orderlog expire`: records that holds have ended."""

from seller import seat


def test_overdue_orders_are_let_go(office, orderlog):
    """The shop opened long before the present day of whoever runs the command."""
    office.clock.set(office.time.replace(year=2020))
    overdue = office.order(seats=[seat(1)])
    paid = office.paid_order()
    said = orderlog("expire", "--once")
    assert (said.exit_code, said.out) == (0, "1 order expired.\n")
    last = orderlog("order", "history", overdue, "--json").document["events"][-1]
    assert (last["name"], last["data"], last["actor"]) == (
        "StatusChanged",
        {"status": "expired"},
        "system",
    )
    assert orderlog("order", "show", paid, "--json").document["status"] == "done"
    assert orderlog("expire", "--once").out == "0 orders expired.\n"


def test_what_expired_can_be_read_by_a_program(office, orderlog):
    office.clock.set(office.time.replace(year=2020))
    orders = [office.order(), office.order()]
    assert sorted(orderlog("expire", "--once", "--json").document["expired"]) == sorted(orders)


def test_a_document_for_ever_is_wrong_usage(orderlog):
    assert orderlog("expire", "--json").wrong_usage("--once")
