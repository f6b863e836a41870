"""The call by which a gateway tells of payments."""

import gzip
import json

import pytest
from catalog import BASE, CARD
from gateway import CARD_ID, KEY, NAME, SECRET, gate, notice, sent, signed, token_of
from http_seller import pointers, refused

from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog

ADDRESS = f"/v1/gateways/{CARD_ID}/notifications"


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv(NAME, SECRET)


@pytest.fixture
def gated(services, venue):
    """The venue, with a gateway that sends notices."""
    document = venue.document
    document["payment_systems"] = [*document["payment_systems"][:2], gate()]
    load_catalog(services.store, read_catalog_file(json.dumps(document)), services.clock())
    services.catalog._look_again = 0.0
    return venue


@pytest.fixture
def tell(running, gated, clock):
    """Sends a notice, signed now if no headers are given."""

    def one(document, *, address=ADDRESS, notice_id=None, headers=None, **more):
        body = sent(document)
        headers = headers if headers is not None else signed(body, clock(), notice_id)
        more.setdefault("content_type", "application/json")
        return running.app.test_client().post(address, data=body, headers=headers, **more)

    return one


@pytest.fixture
def paying(seller, gated):
    """An order of one seat for 100.00, sent to the gateway."""
    order = seller.order(tickets=[gated.a[0]])
    return seller.change(order, payment={"system": CARD}, status="in_progress")


def test_the_right_amount_in_time_makes_the_order_done(tell, paying, seller, gated):
    answer = tell(notice(token=token_of(paying)))
    assert (answer.status_code, answer.json) == (200, {"status": "kept"})
    assert seller.look(paying)["status"] == "done"
    assert seller.history(paying)[-2:] == ["PaymentReceived", "StatusChanged"]
    [ticket] = seller.get(f"/v1/resources/orders/{paying['id']}/tickets").json
    assert ticket["barcode"]
    actors = {
        each["actor"]
        for each in seller.get(f"/v1/resources/orders/{paying['id']}/history").json["events"][-2:]
    }
    assert actors == {f"gateway:{CARD}"}


def test_a_repeated_notice_changes_nothing(tell, paying, seller):
    document = notice(token=token_of(paying))
    assert tell(document, notice_id="evt_again").json == {"status": "kept"}
    history = seller.history(paying)
    assert tell(document, notice_id="evt_again").json == {"status": "repeated"}
    other = notice(token=token_of(paying), amount="7.00")
    assert tell(other, notice_id="evt_again").json == {"status": "repeated"}
    assert seller.history(paying) == history


def test_a_system_is_named_by_its_alias_too(tell, paying, seller):
    answer = tell(notice(token=token_of(paying)), address="/v1/gateways/api%2FCARD/notifications")
    assert answer.json == {"status": "kept"}
    assert seller.look(paying)["status"] == "done"


@pytest.mark.parametrize("name", ["0" * 24, "no/SUCH", BASE.replace("/", "%2F")])
def test_a_system_that_takes_no_notices_is_unknown(tell, name):
    answer = tell(notice(), address=f"/v1/gateways/{name}/notifications")
    refused(answer, 404, "unknown_gateway")


@pytest.mark.parametrize("token", ["0" * 40, "f" * 40, "nobody"])
def test_an_unknown_buyer_is_kept_for_a_person(tell, services, token, unchanged):
    with unchanged():
        answer = tell(notice(token=token), notice_id=f"evt_{token}")
        assert answer.json == {"status": "kept"}
        assert tell(notice(token=token), notice_id=f"evt_{token}").json == {"status": "repeated"}
    [kept] = [
        each
        for each in services.store.notices().unknown(None, 100)
        if each.notice == f"evt_{token}"
    ]
    assert json.loads(kept.body) == notice(token=token)


def test_a_token_with_another_end_is_unknown(tell, paying, seller):
    forged = token_of(paying)[:-1] + ("0" if token_of(paying)[-1] != "0" else "1")
    assert tell(notice(token=forged)).json == {"status": "kept"}
    assert seller.look(paying)["status"] == "in_progress"


def test_a_token_of_another_systems_order_is_unknown(tell, seller, gated):
    order = seller.order(tickets=[gated.a[0]])
    order = seller.change(order, payment={"system": BASE}, status="in_progress")
    assert tell(notice(token=token_of(order))).json == {"status": "kept"}
    assert seller.look(order)["status"] == "in_progress"


def test_a_bad_signature_is_refused(tell, paying, clock, unchanged):
    body = sent(notice(token=token_of(paying)))
    other = signed(body, clock(), key=KEY[::-1])
    with unchanged():
        refused(tell(body, headers=other), 401, "bad_signature")
        refused(tell(body, headers={}), 401, "bad_signature")


def test_a_secret_that_cannot_be_read_is_no_refusal(tell, paying, monkeypatch, seller):
    monkeypatch.delenv(NAME)
    answer = tell(notice(token=token_of(paying)))
    refused(answer, 503, "gateway_secret_unreadable")
    assert answer.headers["Retry-After"]
    assert NAME not in answer.text
    monkeypatch.setenv(NAME, SECRET)
    assert tell(notice(token=token_of(paying))).json == {"status": "kept"}


def deep(levels):
    return b"[" * levels + b"]" * levels


BAD_AMOUNTS = ["-1.00", "1.001", "NaN", "Infinity", "1e400", "", "01.00", " 1.00", "1.00\n"]


@pytest.mark.parametrize("amount", [*BAD_AMOUNTS, 100, 1.5, None, [], {}])
def test_an_amount_is_a_text_of_cents(tell, unchanged, amount):
    with unchanged():
        answer = tell(notice(amount=amount))
    refused(answer, 400, "bad_body")
    assert pointers(answer) == ["/data/amount"]


@pytest.mark.parametrize("number", [b"NaN", b"1e400", b"-Infinity"])
def test_no_number_is_an_amount(tell, unchanged, number):
    body = sent(notice()).replace(b'"100.00"', number)
    with unchanged():
        assert tell(body).status_code == 400


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "payment.forgotten"}, "/type"),
        ({"type": 7}, "/type"),
        ({"type": [[[[]]]]}, "/type"),
        ({"created_at": "yesterday"}, "/created_at"),
        ({"created_at": "2030-06-01T12:00:00"}, "/created_at"),
        ({"data": []}, "/data"),
        ({"data": {}}, "/data/customer"),
        ({"data": notice(currency="rub")["data"]}, "/data/currency"),
        ({"data": notice(payment="")["data"]}, "/data/payment"),
        ({"data": notice(payment="x" * 101)["data"]}, "/data/payment"),
        ({"data": notice(payment="nul\0")["data"]}, "/data/payment"),
        ({"data": notice(token=7)["data"]}, "/data/customer"),
        ({"type": "refund.failed"}, "/data/refund"),
    ],
)
def test_each_fault_is_pointed_at(tell, unchanged, change, pointer):
    with unchanged():
        answer = tell({**notice(), **change})
    refused(answer, 400, "bad_body")
    assert pointers(answer) == [pointer]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"nonsense"])
def test_what_is_no_json_is_refused(tell, unchanged, body):
    with unchanged():
        refused(tell(body), 400, "bad_json")


def test_nested_deeply_in_a_field_that_is_not_known(tell, unchanged):
    body = sent(notice())[:-1] + b',"more":' + deep(20_000) + b"}"
    with unchanged():
        refused(tell(body), 400, "bad_json")


def test_a_field_that_is_not_known_is_passed_over(tell, paying, seller):
    assert tell({**notice(token=token_of(paying)), "livemode": True}).json == {"status": "kept"}
    assert seller.look(paying)["status"] == "done"


def test_a_compressed_body_is_refused(tell, unchanged):
    with unchanged():
        answer = tell(gzip.compress(sent(notice())), headers={"Content-Encoding": "gzip"})
    refused(answer, 415, "bad_content_encoding")


def test_another_type_of_body_is_refused(tell):
    refused(tell(notice(), content_type="text/plain"), 415, "bad_content_type")


def test_a_huge_body_is_refused(tell, unchanged):
    with unchanged():
        answer = tell({**notice(), "more": "x" * 70_000})
    refused(answer, 413, "request_entity_too_large")


def test_it_takes_no_query(tell):
    refused(tell(notice(), address=ADDRESS + "?a=1"), 400, "bad_query")
