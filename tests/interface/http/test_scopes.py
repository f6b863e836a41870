"""A key has what it was given and nothing else, at every call."""

import msgspec
import pytest
from seller import ORGANISER, PARTERRE, SHOW

from application.catalog.keys import create_key
from application.catalog.scopes import OF_A_SELLER, SCOPES
from interface.http.order_audit import ORDER_AUDIT
from interface.http.orders import ORDERS
from interface.http.shows import SHOWS
from interface.server.flask_app import create_app

ORDER = "/v1/resources/orders"


@pytest.fixture
def ask(office):
    """Asks the API with a key of some scopes."""
    client = create_app(office.services).test_client()

    def ask(method, path, body=None, scopes=OF_A_SELLER):
        key = create_key(office.services.store, ORGANISER, office.time, scopes).text
        office.services.catalog._look_again = 0.0
        return client.open(path, method=method, json=body, headers={"Authorization": f"key {key}"})

    return ask


def allowed(ask, method, path, body=None):
    """The scopes each of which alone is enough."""
    found = set()
    for scope in SCOPES:
        answer = ask(method, path, body, (scope,))
        if answer.status_code == 403 and answer.json["code"] == "missing_scope":
            assert "scope" in answer.json["detail"]
        else:
            assert answer.status_code < 400, answer.text
            found.add(scope)
    return found


def test_every_call_with_a_key_needs_a_scope():
    for call in (*ORDERS.all, *ORDER_AUDIT.all, *SHOWS.all):
        assert call.operation.scopes
        assert set(call.operation.scopes) <= set(SCOPES)


@pytest.mark.parametrize("path", ["", "/{}", "/{}/tickets", "/{}/history", "/{}/explain"])
def test_reading_an_order(office, ask, path):
    assert allowed(ask, "GET", ORDER + path.format(office.order())) == {"orders:read", "audit"}


@pytest.mark.parametrize(
    "path",
    [
        "services/simple/events",
        f"resources/events/{SHOW}/tickets",
        f"resources/events/{SHOW}/sales",
    ],
)
def test_reading_an_event(office, ask, path):
    office.catch_up()
    assert allowed(ask, "GET", f"/v1/{path}") == {"events:read", "audit"}


def test_selling_and_paying(office, ask):
    order = f"{ORDER}/{office.order(2)}"
    sale = {"event": SHOW, "random": {PARTERRE: 1}}
    assert allowed(ask, "POST", ORDER, sale) == {"orders:write"}
    assert allowed(ask, "PATCH", order, {"random": {PARTERRE: 1}}) == {"orders:write"}
    assert allowed(ask, "PATCH", order, {"customer": {"lang": "en"}}) == {"orders:write"}
    assert allowed(ask, "PATCH", order, {"payment": {"system": "api/BASE"}}) == {"payments:write"}
    assert allowed(ask, "PATCH", order, {"status": "in_progress"}) == {"payments:write"}
    both = {"customer": {"lang": "ru"}, "payment": {"system": "api/BASE"}}
    assert allowed(ask, "PATCH", f"{ORDER}/{office.order()}", both) == set()
    assert allowed(ask, "DELETE", order) == {"orders:write"}


def test_barcodes_are_in_no_answer_without_their_scope(office, ask):
    order = office.paid_order(2)
    barcodes = office.services.history.order(order).order.barcodes.values()
    versions = office.services.history.order(order).order.version
    for path in (
        "?fields-schema=tickets{barcode}",
        "/tickets",
        "/history",
        "/explain",
        f"/diff?from=0&to={versions}",
    ):
        for scopes in (("orders:read",), ("audit",)):
            said = ask("GET", f"{ORDER}/{order}{path}", scopes=scopes)
            assert said.status_code == 200
            assert not [each for each in barcodes if each in said.text]
    said = ask("GET", f"{ORDER}/{order}/tickets", scopes=("orders:read", "barcodes:read"))
    assert {each["barcode"] for each in msgspec.json.decode(said.data)} == set(barcodes)


def test_a_list_that_is_kept_has_barcodes_only_for_their_scope(office):
    barcodes = office.services.history.order(office.paid_order(2)).order.barcodes.values()
    office.catch_up()
    client = create_app(office.services).test_client()
    reader, scanner = (
        create_key(office.services.store, ORGANISER, office.time, ("orders:read", *more)).text
        for more in ((), ("barcodes:read",))
    )
    office.services.catalog._look_again = 0.0

    def shown(key):
        answer = client.get(
            f"{ORDER}?fields-schema=tickets{{barcode}}", headers={"Authorization": f"key {key}"}
        )
        return [each for each in barcodes if each in answer.text]

    assert [shown(key) for key in (scanner, reader, scanner, reader)] == [[*barcodes], []] * 2
