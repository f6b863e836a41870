"""What an accountant does on the command line about money."""

import json
from datetime import timedelta

import pytest
from gateway import CARD_ID, notice, sent
from money import Till
from msgspec.structs import replace

from application.payments.queries import PaymentFilter
from application.payments.refund_service import RefundRequest
from application.payments.resolving import OPERATOR
from application.ports.gateway_notices import GatewayNotice, NoticeState
from domain.refunds import Culprit

LONG_AGO = timedelta(days=7300)


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


def test_every_cent_of_the_list_has_its_place_in_the_sum(office, orderlog):
    for received in ("50.00", "0.07"):
        order = office.order(2)
        office.start_payment(order, "api/INVOICE")
        Till(office).receives(order, received)
        Till(office).receives(order, "1.00", payment="gw-2", currency="EUR")
    for currency in ("RUB", "EUR"):
        asked = ("--as", "keep", "--note", "a gift", "--currency", currency)
        orderlog("payment", "resolve", order, *asked)
    office.catch_up()
    listed = orderlog("payment", "list").out
    assert (
        "In sum, received in RUB: 50.07 = earned 0.00 + due back 0.00 + refunded 0.00"
        " + charged back 0.00 + kept 0.07 + waiting 50.00." in listed
    )
    assert "In sum, received in EUR: 2.00 = " in listed
    assert "received in RUB" not in orderlog("payment", "list", "--event", "0" * 24).out
    assert "received in RUB: 50.00 = " in orderlog("payment", "list", "--attention").out


def required(office, orderlog):
    """An order that was paid too little, and the refund of what it was paid."""
    order = office.order(2)
    office.start_payment(order, "api/INVOICE")
    Till(office).receives(order, "50.00")
    asked = ("payment", "resolve", order, "--as", "refund", "--note", "too little", "--json")
    [refund] = orderlog(*asked).document["refunds"]
    return order, refund["id"]


def deeds(orderlog, action):
    entries = orderlog("trail", "--json").document["entries"]
    return [each["about"] for each in entries if each["action"] == action]


def test_the_operator_says_that_a_refund_was_paid_back(office, orderlog):
    order, refund = required(office, orderlog)
    asked = ("payment", "refund", refund.upper(), "--paid", "--note", "transfer 4711", "--json")
    money = orderlog(*asked).document
    assert (money["refunded"], money["due_back"], money["attention"]) == ("50.00", "0.00", [])
    paid = office.services.history.history(order)["events"][-1]
    assert (paid["name"], paid["actor"]) == ("RefundPaid", "operator")
    assert "The reason: transfer 4711" in " ".join(orderlog("order", "explain", order).out.split())
    about = {"order": order, "refund": refund, "note": "transfer 4711"}
    assert deeds(orderlog, "refund.paid") == [about]
    about = {"order": order, "decided": "refund", "note": "too little"}
    assert deeds(orderlog, "money.resolved") == [about]
    assert orderlog("payment", "refund", refund, "--paid").exit_code == 0
    assert len(deeds(orderlog, "refund.paid")) == 1
    assert office.services.history.history(order)["events"][-1] == paid


def test_a_refund_that_is_not_approved_is_not_paid(office, orderlog):
    order = office.paid_order()
    wanted = RefundRequest(order, Culprit.ORG, (), stay=True)
    refund = office.services.refunds.request(wanted, office.request()).document["id"]
    assert orderlog("payment", "refund", refund, "--paid").refused("approved", "it is new")
    assert orderlog("payment", "refund", refund).wrong_usage("--paid")
    assert orderlog("payment", "refund", "zz", "--paid").refused("zz")
    assert deeds(orderlog, "refund.paid") == []


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
    assert orderlog("trail", "--json").out.count("notice.resolved") == 1


def test_a_notice_that_is_not_yet_handled_is_listed_and_not_resolved(office, orderlog, nobodys):
    records = office.store.notices()
    unknown = records.find(bytes.fromhex(nobodys))
    pending = replace(unknown, digest=b"p" * 32, state=NoticeState.PENDING, order="1" * 24)
    assert records.keep(replace(pending, came_at=unknown.came_at - LONG_AGO))
    listed = ("payment", "list", "--attention")
    assert [each["attention"] for each in orderlog(*listed, "--json").document] == [
        ["not_yet_handled"],
        ["unknown_buyer"],
    ]
    assert "not_yet_handled" in orderlog(*listed).out
    asked = ("payment", "resolve", pending.digest.hex(), "--note", "by hand", "--as", "keep")
    assert orderlog(*asked).refused("There is no notice")


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
