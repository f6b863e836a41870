"""What an accountant does on the command line about money."""

import json

from money import Till


def test_what_waits_is_listed_shown_and_resolved(office, orderlog):
    order = office.order(2)
    office.start_payment(order, "api/INVOICE")
    Till(office).receives(order, "50.00")
    office.catch_up()
    assert "underpaid" in orderlog("payment", "list", "--attention").out
    assert "50.00 RUB" in orderlog("payment", "show", order).out
    asked = ("payment", "resolve", order, "--as", "keep", "--note", "a gift", "--json")
    assert json.loads(orderlog(*asked).out)["kept"] == "50.00"
    again = orderlog(*asked)
    assert again.exit_code == 1
