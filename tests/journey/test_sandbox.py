"""The sandbox's page and gateway, on a real server and over real sockets."""

import base64
import hashlib
import hmac
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlencode

import pytest
from polling import until
from sandbox import FIELD, PAY, raw_post
from server import EVENT, ORDERS, Service, serving

from application.payments.sandbox import Delivery, SandboxNotice
from interface.sandbox.sender import Sender

PARTERRE = "56a6254bf06c5a059b93800c"
REFUNDS = "/v1/resources/refund_requests"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sandbox")
    with Service(f"sqlite:///{folder}/sandbox.db", folder / "log", "--sandbox") as service:
        yield service


class Buyer:
    """An order that is being paid at the sandbox, and the buyer on its page."""

    def __init__(self, service, language="en"):
        self.service = service
        asked = {"event": EVENT, "random": {PARTERRE: 1}}
        self.path = f"{ORDERS}/{service.call('POST', ORDERS, asked).body['id']}"
        payment = {
            "system": "sandbox/GATE",
            "success_url": "https://shop.example/thanks",
            "failure_url": "https://shop.example/sorry",
        }
        self.change({"customer": {"lang": language}, "payment": payment})
        paying = self.change({"status": "in_progress"})
        self.page = paying["payment"]["redirect_url"].partition(str(service.port))[2]

    def change(self, body):
        answer = self.service.call("PATCH", self.path, body)
        assert answer.status == 200, answer.content
        return answer.body

    def look(self):
        answer = self.service.send("GET", self.page, {})
        assert answer.status == 200
        return answer.content.decode()

    def form(self, action, **ways):
        return {**dict(FIELD.findall(self.look())), "action": action, **ways}

    def press(self, action, **ways):
        return self.sent(self.form(action, **ways))

    def sent(self, form):
        answer = raw_post(self.service, urlencode(form))
        assert answer.status == 200, answer.content
        return answer.content.decode()

    @property
    def status(self):
        return self.service.call("GET", self.path).body["status"]

    @property
    def barcodes(self):
        tickets = self.service.call("GET", f"{self.path}/tickets").body
        return [each["barcode"] for each in tickets if "barcode" in each]


def test_a_buyer_who_pays_has_a_done_order_with_barcodes(sandbox):
    buyer = Buyer(sandbox)
    page = buyer.look()
    for words in ("Sample evening", "100.00 RUB", "1 ticket", "Held until", "Pay twice"):
        assert words in page
    assert "<script" not in page
    said = buyer.press("pay")
    assert said.count("200 kept") == 2
    assert 'href="https://shop.example/thanks"' in said
    assert buyer.status == "done"
    assert len(buyer.barcodes) == 1


def test_a_declined_payment_leaves_the_order_and_leads_to_its_failure_url(sandbox):
    buyer = Buyer(sandbox, "ru")
    assert "Оплатить поздно" in buyer.look()
    said = buyer.press("decline")
    assert 'href="https://shop.example/sorry"' in said
    assert "Платёж не прошёл" in said
    assert buyer.status == "in_progress"
    assert buyer.barcodes == []


def test_doubled_and_shuffled_notices_of_two_payments_count_once_each(sandbox):
    buyer = Buyer(sandbox)
    said = buyer.press("pay_twice", doubled="on", shuffled="on")
    assert (said.count("200 kept"), said.count("200 repeated")) == (4, 4)
    assert said.count("Paid: ") == 2
    assert buyer.status == "done"


def test_a_form_that_is_sent_again_changes_nothing(sandbox):
    buyer = Buyer(sandbox)
    form = buyer.form("pay")
    assert buyer.sent(form).count("200 kept") == 2
    again = buyer.sent(form)
    assert again.count("200 repeated") == 2
    assert again.count("Paid: ") == 1


def test_late_money_comes_at_once_where_the_order_has_ended(sandbox):
    buyer = Buyer(sandbox)
    assert "Will be sent at" in buyer.press("pay_late", delay="600")
    said = buyer.press("pay_late")
    assert "Will be sent at" in said
    assert "Not taken" not in said  # what began the payment is on its way, or kept
    buyer.change({"status": "canceled"})
    assert buyer.press("pay_late").count("200 kept") == 2
    assert buyer.status == "done"


def test_a_button_says_what_it_does_for_the_order_as_it_is(sandbox):
    buyer = Buyer(sandbox)
    assert "The money comes, and the order is done." in buyer.look()
    buyer.change({"status": "canceled"})
    canceled = buyer.look()
    assert "the order is done; if not, the money has to go back." in canceled
    assert "held until" not in canceled
    buyer.press("pay")
    done = buyer.look()
    assert done.count("A person has to look at it.") == 2
    assert "the order is done" not in done


def test_nothing_is_left_to_pay_for_where_all_tickets_were_given_back(sandbox):
    buyer = Buyer(sandbox)
    buyer.press("pay")
    wanted = {"order": buyer.path.rpartition("/")[2], "culprit": "org", "tickets": []}
    refund = sandbox.call("POST", REFUNDS, wanted).body
    sandbox.call("PATCH", f"{REFUNDS}/{refund['id']}", {"status": "approved"})
    page = buyer.look()
    assert 'value="refund"' in page
    assert 'value="pay' not in page
    assert 'value="decline"' not in page


def test_delayed_notices_are_sent_later(sandbox):
    buyer = Buyer(sandbox)
    assert buyer.press("pay", delay="1").count("Will be sent at") == 2
    until(lambda: buyer.status == "done", "the delayed notices do not come")


def test_a_dispute_is_opened_and_lost(sandbox):
    buyer = Buyer(sandbox)
    assert 'value="dispute"' not in buyer.look()
    buyer.press("pay")
    assert "200 kept" in buyer.press("dispute")
    assert 'value="dispute_won"' in buyer.look()
    assert "dispute lost" in buyer.press("dispute_lost")


@pytest.mark.parametrize("wrong", ["token", "press", "action", "delay", "customer"])
def test_a_form_that_is_not_of_the_page_is_refused(sandbox, wrong):
    buyer = Buyer(sandbox)
    form = {**buyer.form("pay"), wrong: "0" * 40}
    assert raw_post(sandbox, urlencode(form)).status == (404 if wrong == "customer" else 400)
    assert buyer.status == "in_progress"


def test_a_page_for_nobody_is_not_found_and_the_secret_is_nowhere(sandbox):
    buyer = Buyer(sandbox)
    token = buyer.page.rpartition("=")[2]
    for customer in ("", "x", token[:-1], token[:24], token[:-1] + "z", "é" * 40):
        answer = sandbox.send("GET", f"{PAY}?{urlencode({'customer': customer})}", {})
        assert answer.status == 404
    assert "whsec_" not in buyer.look() + sandbox.complaints()


def test_nothing_of_it_exists_without_the_option(address, tmp_path):
    with serving(address, tmp_path / "log") as service:
        assert service.send("GET", f"{PAY}?customer={'0' * 40}", {}).status == 404
        for method in ("GET", "POST", "DELETE"):
            answer = service.call(method, "/v1/sandbox/clock", {"forward": "PT1M"})
            assert (answer.status, answer.body["code"]) == (404, "not_found")
            assert "x-sandbox-clock" not in answer.headers
        paths = service.send("GET", "/openapi.json", {}).body["paths"]
        assert not any("sandbox" in each for each in paths)
        order = f"{ORDERS}/{service.order()}"
        refused = service.call("PATCH", order, {"payment": {"system": "sandbox/GATE"}})
        assert refused.status in {400, 404}
        notices = "/v1/gateways/sandbox%2FGATE/notifications"
        assert service.send("POST", notices, {"Content-Type": "application/json"}, {}).status == 404


class Receiver(BaseHTTPRequestHandler):
    """Verifies signatures by itself; fails the first time."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name, at = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        text = f"{name}.{at}.".encode() + body
        expected = base64.b64encode(hmac.new(KEY, text, hashlib.sha256).digest()).decode()
        self.server.seen.append((name, self.headers["webhook-signature"] == f"v1,{expected}"))
        self.send_response(503 if len(self.server.seen) == 1 else 200)
        self.end_headers()
        self.wfile.write(b'{"status": "kept"}')

    def log_message(self, *_):
        """Say nothing."""


KEY = bytes(range(32))


def test_a_notice_that_was_not_taken_is_sent_again_with_the_same_id():
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.seen = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        sender = Sender(address, "/notices", KEY, lambda: datetime.now(UTC))
        notice = SandboxNotice(
            id="evt_1",
            type="payment.succeeded",
            payment="gw-1",
            amount=Decimal(100),
            currency="RUB",
        )
        sending = sender.send("0" * 40, [notice])
        assert sending.done.wait(30)
        server.shutdown()
    assert server.seen == [("evt_1", True), ("evt_1", True)]
    assert (sending.sent[0].status, sending.sent[0].tries) == (200, 2)


def test_a_delay_never_makes_late_money_early():
    now = datetime.now(UTC)
    late = SandboxNotice(
        id="e",
        type="t",
        payment="p",
        amount=Decimal(1),
        currency="RUB",
        not_before=now + timedelta(60),
    )
    [sent] = Delivery(delay=5).of([late], now)
    assert sent.not_before == late.not_before
