"""What support staff read to a buyer about the order's money."""

import pytest
from money import Till
from seller import SHOW

from application.orders.timeline.english import ENGLISH
from application.orders.timeline.russian import RUSSIAN
from application.orders.timeline.timeline import _RENDER
from application.payments.resolving import OPERATOR
from domain.events import STORED_NAMES, Event
from domain.gateway import DisputeState
from domain.order_money import Resolution


@pytest.fixture
def order(office):
    order = office.order(2)
    office.start_payment(order, "api/INVOICE")
    return order


def sentences_of(office, order, language=ENGLISH):
    document = office.services.timelines.explain(order, language)
    return [each["sentence"] for each in document["story"]][3:]


def test_a_paid_order_half_of_which_goes_back(office, order):
    till = Till(office)
    till.starts(order)
    till.fails(order, payment="gw-0")
    paid_at = office.time
    tickets = list(till.receives(order, "200.00").tickets)
    office.later(minutes=1)
    show = office.services.catalog.current().shows[SHOW]
    refund = till.asks_back(order, tickets[:1], show)
    till.approves(order, refund, show)
    till.pays(order, refund)
    assert sentences_of(office, order) == [
        "A payment by api/INVOICE was started.",
        "A payment by api/INVOICE failed.",
        "200.00 RUB was received by api/INVOICE.",
        "The order was paid. 2 tickets are sold, with barcodes.",
        "A refund of 100.00 RUB for 1 ticket was requested: the organiser is the cause.",
        ("The refund was approved: 100.00 RUB has to go back. 1 ticket is no longer valid."),
        "100.00 RUB went back to the buyer.",
    ]
    now = office.services.timelines.explain(order)["now"]
    assert now == (
        f"The order was paid at {ENGLISH.at(paid_at)}: 1 ticket for 100.00."
        " 100.00 RUB went back to the buyer."
    )
    assert "Покупателю возвращено 100,00 RUB." in sentences_of(office, order, RUSSIAN)


def test_late_money_and_what_became_of_it(office, order):
    office.later(days=1)
    till = Till(office)
    till.receives(order, "200.00")
    till.disputes(order, "200.00")
    till.disputes(order, "200.00", DisputeState.LOST)
    sentences = sentences_of(office, order)
    assert "200.00 RUB was received by api/INVOICE after the order had ended." in sentences
    assert sentences[-2:] == [
        "The buyer's bank asks for 200.00 RUB back.",
        "The dispute was lost: the buyer's bank took 200.00 RUB back.",
    ]


def test_what_an_operator_decided(office, order):
    Till(office).receives(order, "50.00")
    request = type(office.request())(OPERATOR, "resolve-1")
    office.services.resolver.resolve(order, Resolution.ACCEPT, request, note="a friend")
    entries = office.services.timelines.explain(order)["story"]
    assert entries[-2]["sentence"] == (
        "It was decided to forgo 150.00 RUB of the order's worth. The reason: a friend"
    )
    assert entries[-2]["who"] == "the operator"


def test_no_event_is_told_by_its_name_alone():
    assert {each for each in STORED_NAMES if issubclass(each, Event)} == _RENDER.keys()


def test_a_diff_shows_where_money_went(office, order):
    before = Till(office).receives(order, "50.00").version
    Till(office).receives(order, "200.00", "gw-2")
    changes = office.services.history.diff(order, before, before + 2)["changes"]
    values = {each["field"]: (each["from"], each["to"]) for each in changes}
    assert values["money.received"] == ("50.00", "250.00")
    assert values["money.attention"] == (["underpaid"], ["paid_twice"])
