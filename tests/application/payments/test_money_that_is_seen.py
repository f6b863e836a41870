"""Where orders' money can be seen, and what a person decides about it."""

import pytest
from money import Till
from seller import ORGANISER, SHOP, SHOW, BoxOffice

from application.payments.queries import PaymentFilter
from application.payments.resolving import OPERATOR
from application.projector.loop import catch_up
from domain.gateway import DisputeState
from domain.order_money import Resolution
from domain.refusals import CannotAccept, NothingToResolve, UnknownOrder

STRANGER = "56810047f06c5a6ac62f4e1f"
WAITS = PaymentFilter(attention=True)


@pytest.fixture
def box(address):
    with BoxOffice(address) as box:
        yield box


def in_payment(box, partner=ORGANISER):
    order = box.order(2, partner=partner)
    box.start_payment(order, "api/INVOICE", partner=partner)
    return order


def listed(box, partner, wanted=WAITS):
    catch_up(box.store, "payments")
    caller = None if partner is None else box.caller(partner)
    return [each["order"] for each in box.services.payments.page(caller, wanted).documents]


def adds_up(document):
    parts = ("earned", "due_back", "refunded", "charged_back", "kept", "waiting")
    assert cents(document["received"]) == sum(cents(document[each]) for each in parts)


def cents(amount):
    return round(float(amount) * 100)


def test_an_order_that_is_paid_twice_waits_until_a_person_resolves_it(box):
    till, order = Till(box), in_payment(box)
    worth = box.services.history.order(order).order.worth.full
    till.receives(order, worth)
    till.receives(order, worth, "gw-2")
    document = box.services.payments.of_order(order, box.caller())
    adds_up(document)
    assert document["attention"] == ["paid_twice"]
    assert (document["waiting"], document["currency"]) == (f"{worth:.2f}", "RUB")
    assert [each["state"] for each in document["payments"]] == ["received", "received"]
    assert listed(box, ORGANISER) == [order]
    box.services.resolver.resolve(order, Resolution.KEEP, box.request(), note="as agreed")
    document = box.services.payments.of_order(order, box.caller())
    adds_up(document)
    assert (document["attention"], document["kept"]) == ([], f"{worth:.2f}")
    assert listed(box, ORGANISER) == []
    assert listed(box, ORGANISER, PaymentFilter(attention=False)) == [order]


def test_money_of_others_is_not_seen(box):
    till, order = Till(box), in_payment(box, SHOP)
    till.receives(order, "1.00")
    for partner in (ORGANISER, SHOP, None):
        assert listed(box, partner) == [order]
    assert listed(box, STRANGER) == []
    with pytest.raises(UnknownOrder):
        box.services.payments.of_order(order, box.caller(STRANGER))
    with pytest.raises(UnknownOrder):
        box.services.resolver.resolve(order, Resolution.KEEP, box.request(STRANGER))


def test_too_little_is_accepted_by_the_operator(box):
    till, order = Till(box), in_payment(box)
    till.receives(order, "1.00")
    request = box.request()
    request = type(request)(OPERATOR, "resolve-1")
    answer = box.services.resolver.resolve(order, Resolution.ACCEPT, request, note="a friend")
    assert answer.order.status == "done"
    assert box.services.history.history(order)["events"][-1]["actor"] == "operator"
    document = box.services.payments.of_order(order)
    adds_up(document)
    assert (document["earned"], document["attention"]) == ("1.00", [])
    with pytest.raises(NothingToResolve):
        box.services.resolver.resolve(order, Resolution.KEEP, request)


def test_a_paid_order_cannot_be_accepted_for_less(box):
    till, order = Till(box), in_payment(box)
    worth = box.services.history.order(order).order.worth.full
    till.receives(order, worth)
    till.receives(order, worth, "gw-2")
    with pytest.raises(CannotAccept):
        box.services.resolver.resolve(order, Resolution.ACCEPT, box.request())


def test_another_currency_stands_apart(box):
    till, order = Till(box), in_payment(box)
    till.receives(order, "7.00", currency="EUR")
    document = box.services.payments.of_order(order)
    assert document["attention"] == ["other_currency"]
    [euros] = document["balances"]
    assert (euros["currency"], euros["waiting"], document["received"]) == ("EUR", "7.00", "0.00")
    box.services.resolver.resolve(order, Resolution.REFUND, box.request())
    document = box.services.payments.of_order(order)
    assert [each["currency"] for each in document["refunds"]] == ["EUR"]
    assert document["attention"] == ["refund_required"]


def test_an_order_that_its_vendor_confirmed_has_money_too(box):
    order = box.paid_order()
    document = box.services.payments.of_order(order)
    adds_up(document)
    assert document["received"] == document["earned"] != "0.00"
    assert listed(box, ORGANISER, PaymentFilter()) == [order]
    assert listed(box, ORGANISER, PaymentFilter(show=SHOW)) == [order]


def test_a_list_goes_on_at_its_cursor(box):
    orders = []
    for _ in range(3):
        orders.append(box.paid_order())
        box.later(seconds=1)
    catch_up(box.store, "payments")
    first = box.services.payments.page(None, PaymentFilter(page_size=2))
    assert [each["order"] for each in first.documents] == orders[:0:-1]
    second = box.services.payments.page(None, PaymentFilter(page_size=2, cursor=first.cursor))
    assert ([each["order"] for each in second.documents], second.cursor) == (orders[:1], None)


def test_a_dispute_is_seen(box):
    till, order = Till(box), in_payment(box)
    worth = box.services.history.order(order).order.worth.full
    till.receives(order, worth)
    till.disputes(order, worth)
    document = box.services.payments.of_order(order)
    assert (document["attention"], document["disputed"]) == (["disputed"], f"{worth:.2f}")
    till.disputes(order, worth, DisputeState.LOST)
    document = box.services.payments.of_order(order)
    adds_up(document)
    assert (document["attention"], document["charged_back"]) == ([], f"{worth:.2f}")


def sums(box, partner=ORGANISER, **wanted):
    """The sums by currency, which are those of the orders that are listed."""
    catch_up(box.store, "payments")
    catch_up(box.store, "balances")
    caller = None if partner is None else box.caller(partner)
    wanted = PaymentFilter(**wanted)
    totals = {each["currency"]: each for each in box.services.payments.totals(caller, wanted)}
    for total in totals.values():
        adds_up(total)
    documents = box.services.payments.page(caller, wanted).documents
    parts = [part for each in documents for part in (each, *each["balances"])]
    for name in ("received", "earned", "due_back", "refunded", "charged_back", "kept", "waiting"):
        for currency, total in totals.items():
            listed = [each[name] for each in parts if each["currency"] == currency]
            assert cents(total[name]) == sum(map(cents, listed)), (currency, name)
    return {currency: (each["orders"], each["received"]) for currency, each in totals.items()}


def test_sums_by_currency_are_those_of_the_orders_and_add_up(box):
    till, settled, waits = Till(box), in_payment(box), in_payment(box, SHOP)
    worth = box.services.history.order(settled).order.worth.full
    till.receives(settled, worth)
    till.receives(waits, "1.00")
    till.receives(waits, "7.00", "gw-2", currency="EUR")
    box.paid_order()
    rubles = f"{worth + 1 + worth / 2:.2f}"
    assert sums(box) == {"EUR": (1, "7.00"), "RUB": (3, rubles)}
    assert sums(box, show=SHOW) == sums(box)
    assert sums(box, SHOP) == {"EUR": (1, "7.00"), "RUB": (1, "1.00")}
    assert sums(box, STRANGER) == {}
    assert sums(box, attention=True) == {"EUR": (1, "7.00"), "RUB": (1, "1.00")}
    box.services.resolver.resolve(waits, Resolution.KEEP, box.request(), "EUR")
    box.services.resolver.resolve(waits, Resolution.KEEP, box.request(), "RUB")
    assert sums(box, attention=True) == {}
    assert sums(box) == {"EUR": (1, "7.00"), "RUB": (3, rubles)}
