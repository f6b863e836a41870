"""What an accountant does on the command line about money."""

import json

import pytest
from gateway import CARD_ID, notice, sent
from money import Till

from application.payments.queries import PaymentFilter
from application.payments.resolving import OPERATOR
from application.ports.gateway_notices import GatewayNotice, NoticeState


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


@pytest.fixture
def nobodys(office):
    """The name of a notice of an unknown buyer."""
    kept = GatewayNotice(
        digest=b"n" * 32,
        system=CARD_ID,
        notice="evt_7",
        type="payment.succeeded",
        came_at=office.time,
        body=sent(notice(amount="12.30", payment="gw-77")),
        state=NoticeState.UNKNOWN_BUYER,
    )
    assert office.store.notices().keep(kept)
    return kept.digest.hex()


def test_a_notice_of_an_unknown_buyer_is_listed_and_resolved_once(office, orderlog, nobodys):
    [document] = orderlog("payment", "list", "--attention", "--json").document
    assert document["notice"]["id"] == nobodys
    assert (document["order"], document["attention"]) == (None, ["unknown_buyer"])
    assert (document["received"], document["waiting"]) == ("12.30", "12.30")
    assert orderlog("payment", "list", "--json").document == []
    assert "gw-77" in orderlog("payment", "list", "--attention").out
    asked = ("payment", "resolve", nobodys, "--note", "by hand", "--as")
    assert orderlog(*asked, "accept").wrong_usage("refund or keep")
    assert "12.30 RUB" in orderlog(*asked, "refund").out
    assert orderlog(*asked, "keep").refused("was resolved before, by operator:")
    assert orderlog("payment", "list", "--attention", "--json").document == []
    assert orderlog("trail", "--json").out.count("notice.resolve") == 1


def test_a_list_of_what_waits_goes_on_behind_the_notices(office, nobodys):
    for number in range(3):
        order = office.order(1)
        office.start_payment(order, "api/INVOICE")
        Till(office).receives(order, f"{number + 1}.00")
        office.later(seconds=1)
    office.catch_up()
    payments, cursor, seen = office.services.payments, None, []
    while True:
        page = payments.page(OPERATOR, PaymentFilter(attention=True, page_size=1, cursor=cursor))
        seen += [each["waiting"] for each in page.documents]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == ["12.30", "3.00", "2.00", "1.00"]
