"""What a person decides about money that waits is answered as it was decided, however often."""

import pytest
from exchanges import asker, by_flask
from money import Till

from interface.server.flask_app import create_app


@pytest.fixture
def waiting(office):
    """An order of which money in another currency waits."""
    order = office.order()
    office.start_payment(order, "api/INVOICE")
    Till(office).receives(order, "1.00", currency="EUR")
    return order


def test_a_repeated_decision_gets_its_first_answer_again(office, waiting):
    ask = asker(by_flask(create_app(office.services)))
    path = f"/v1/resources/orders/{waiting}/payments/resolution"
    once = {"headers": {"Idempotency-Key": "once"}}
    first = ask("POST", path, {"resolution": "keep"}, **once)
    assert (first.status, first.json["attention"]) == (200, [])
    Till(office).receives(waiting, "2.00", payment="gw-2", currency="EUR")
    assert ask("POST", path, {"resolution": "keep"}, **once).json == first.json


@pytest.mark.parametrize(
    "condition", [{"If-Match": '"1"'}, {"If-None-Match": "*"}, {"If-None-Match": '"{}"'}]
)
def test_a_decision_about_another_version_is_refused(office, waiting, condition):
    ask = asker(by_flask(create_app(office.services)))
    version = office.services.history.order(waiting).order.version
    headers = {name: value.replace("{}", str(version)) for name, value in condition.items()}
    path = f"/v1/resources/orders/{waiting}/payments/resolution"
    refused = ask("POST", path, {"resolution": "keep"}, headers=headers)
    assert (refused.status, refused.json["code"]) == (412, "version_mismatch")
    assert office.services.history.order(waiting).order.version == version
    seen = {"If-Match": f'"{version}"'}
    assert ask("POST", path, {"resolution": "keep"}, headers=seen).status == 200
