"""Notices of unknown buyers in the list of what waits: for those who see everything."""

import pytest
from exchanges import asker, by_flask
from gateway import CARD_ID, notice, sent
from money import Till
from seller import ORGANISER

from application.catalog.keys import create_key
from application.catalog.scopes import AUDIT
from application.ports.gateway_notices import GatewayNotice, NoticeState
from interface.server.flask_app import create_app

PAYMENTS = "/v1/resources/payments"
PARTS = ("earned", "due_back", "refunded", "charged_back", "kept", "waiting")


@pytest.fixture
def office(office):
    """An office that got two notices of nobody and has an order whose money waits."""
    for number, kind in enumerate(("payment.succeeded", "dispute.lost")):
        kept = GatewayNotice(
            digest=bytes([number]) * 32,
            system=CARD_ID,
            notice=f"evt_{number}",
            type=kind,
            came_at=office.later(seconds=1),
            body=sent(notice(kind, payment=f"gw-{number}", amount="12.30")),
            state=NoticeState.UNKNOWN_BUYER,
        )
        office.store.notices().keep(kept)
    order = office.order()
    office.start_payment(order, "api/INVOICE")
    Till(office).receives(order, "1.00")
    office.catch_up()
    return office


@pytest.fixture
def ask(office):
    return asker(by_flask(create_app(office.services)))


@pytest.fixture
def auditors(office):
    return create_key(office.store, ORGANISER, office.time, (AUDIT,)).text


def test_auditors_get_them_before_the_orders_page_by_page(ask, office, auditors):
    office.services.catalog._look_again = 0.0
    path, found = f"{PAYMENTS}?attention=true&page_size=1", []
    while path:
        answer = ask("GET", path, key=auditors)
        assert answer.status == 200, answer.json
        found += answer.json
        path = dict(answer.headers).get("Link", "").partition(">")[0].strip("<")
    assert [each["attention"] for each in found] == [["unknown_buyer"]] * 2 + [["underpaid"]]
    assert [each["notice"] and each["notice"]["payment"] for each in found] == [
        "gw-0",
        "gw-1",
        None,
    ]
    assert [each["received"] for each in found] == ["12.30", "0.00", "1.00"]
    for each in found:
        assert float(each["received"]) == sum(float(each[name]) for name in PARTS)


@pytest.mark.parametrize("query", ["", "?attention=false"])
def test_other_lists_have_none(ask, office, auditors, query):
    office.services.catalog._look_again = 0.0
    answer = ask("GET", PAYMENTS + query, key=auditors)
    assert all(each["notice"] is None for each in answer.json)


def test_partners_get_their_orders_only(ask):
    answer = ask("GET", f"{PAYMENTS}?attention=true")
    assert [each["attention"] for each in answer.json] == [["underpaid"]]
