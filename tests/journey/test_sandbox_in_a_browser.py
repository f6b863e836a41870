"""Each button of the sandbox's page in a real browser, and what becomes of the order."""

import pytest
from certificates import Certificate
from databases import STORES, a_database
from polling import until
from server import EVENT, KEY, ORDERS, Service

PARTERRE = "56a6254bf06c5a059b93800c"
REFUNDS = "/v1/resources/refund_requests"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def phone(browser):
    """A page of the size of a phone, which writes down what it complains of."""
    context = browser.new_context(ignore_https_errors=True, **PHONE)
    context.set_default_timeout(20_000)
    page = context.new_page()
    complaints = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture(scope="module", params=STORES)
def service(request, tmp_path_factory):
    """Two processes with the sandbox; on PostgreSQL they speak TLS."""
    folder = tmp_path_factory.mktemp("sandbox")
    options = ["--sandbox", "--workers", "2"]
    if request.param == "postgres":
        made = Certificate(folder)
        options += ["--tls-cert", str(made.cert), "--tls-key", str(made.key)]
    with (
        a_database(request.param, request, folder) as database,
        Service(database, folder / "log", *options) as service,
    ):
        yield service


class Buyer:
    """A buyer on the page, with a shop that asks the service on the same connection."""

    def __init__(self, service, page):
        self._address = service.line.split()[3].rstrip(",")
        self.page = page
        asked = {
            "event": EVENT,
            "random": {PARTERRE: 2},
            "customer": {"lang": "en"},
            "payment": {
                "system": "sandbox/GATE",
                "success_url": "https://shop.example/thanks",
                "failure_url": "https://shop.example/sorry",
            },
            "status": "in_progress",
        }
        self.order = self.ask("POST", ORDERS, asked)
        self.path = f"{ORDERS}/{self.order['id']}"
        self.open()

    def open(self):
        self.page.goto(self.order["payment"]["redirect_url"])

    def ask(self, method, path, body=None):
        answer = self.page.context.request.fetch(
            self._address + path,
            method=method,
            headers={"Authorization": f"key {KEY}", "Content-Type": "application/json"},
            **({"data": body} if body else {}),
        )
        assert answer.ok, answer.text()
        return answer.json()

    def press(self, name, notices=1):
        """Press a button that has to be there; all its notices are taken."""
        if not self.page.url.endswith(self.order["payment"]["redirect_url"].rpartition("?")[2]):
            self.open()
        self.page.get_by_role("button", name=name, exact=True).click()
        assert self.page.locator("ol.answers li").count() == notices
        assert self.page.get_by_text("200 kept").count() == notices
        return self.page.locator("main").inner_text()

    def offers(self, name):
        self.open()
        return self.page.get_by_role("button", name=name, exact=True).count() == 1

    @property
    def way_back(self):
        return self.page.get_by_role("link", name="Back to the shop").get_attribute("href")

    @property
    def status(self):
        return self.ask("GET", self.path)["status"]

    @property
    def barcodes(self):
        return sum("barcode" in each for each in self.ask("GET", f"{self.path}/tickets"))

    @property
    def money(self):
        return self.ask("GET", f"{self.path}/payments")


@pytest.fixture
def buyer(service, phone):
    return Buyer(service, phone)


def test_pay(buyer):
    assert "Done" in buyer.press("Pay", notices=2)
    assert (buyer.status, buyer.barcodes) == ("done", 2)
    assert (buyer.money["earned"], buyer.money["attention"]) == ("200.00", [])
    assert buyer.way_back == "https://shop.example/thanks"


def test_decline_and_then_pay(buyer):
    buyer.press("Decline", notices=2)
    assert (buyer.status, buyer.barcodes) == ("in_progress", 0)
    assert [each["state"] for each in buyer.money["payments"]] == ["failed"]
    assert buyer.way_back == "https://shop.example/sorry"
    buyer.press("Pay", notices=2)
    assert (buyer.status, buyer.barcodes) == ("done", 2)


def test_pay_twice_and_pay_the_second_back(buyer):
    assert "waits for a person" in buyer.press("Pay twice", notices=4)
    assert (buyer.status, buyer.money["attention"]) == ("done", ["paid_twice"])
    assert not buyer.offers("Pay back")
    decided = {"resolution": "refund", "note": "paid twice"}
    buyer.ask("POST", f"{buyer.path}/payments/resolution", decided)
    assert buyer.offers("Pay back")
    buyer.press("Pay back")
    money = buyer.money
    assert (money["refunded"], money["earned"], money["attention"]) == ("200.00", "200.00", [])
    assert (buyer.status, buyer.barcodes) == ("done", 2)


def test_pay_late(buyer):
    buyer.page.get_by_role("button", name="Pay late", exact=True).click()
    assert "Will be sent at" in buyer.page.locator("ol.answers").inner_text()
    until(lambda: buyer.money["payments"], "the late payment does not start")
    buyer.page.get_by_role("link", name="Back to this page").click()
    assert buyer.status == "in_progress"
    buyer.ask("PATCH", buyer.path, {"status": "canceled"})
    buyer.press("Pay late", notices=2)
    assert (buyer.status, buyer.barcodes) == ("done", 2)


@pytest.mark.parametrize("end", ["won", "lost"])
def test_a_dispute(buyer, end):
    assert not buyer.offers("Dispute")
    buyer.press("Pay", notices=2)
    buyer.press("Dispute")
    money = buyer.money
    assert (money["attention"], money["disputed"], buyer.barcodes) == (["disputed"], "200.00", 0)
    buyer.press(f"Dispute {end}")
    assert not buyer.offers("Dispute won")
    back = "200.00" if end == "lost" else "0.00"
    assert (buyer.money["charged_back"], buyer.money["attention"]) == (back, [])
    assert (buyer.status, buyer.barcodes) == ("done", 0 if end == "lost" else 2)


def test_pay_half_of_it_back(buyer):
    buyer.press("Pay", notices=2)
    going = buyer.ask("GET", buyer.path)["tickets"][:1]
    wanted = {"order": buyer.order["id"], "culprit": "user", "tickets_refund": going}
    refund = buyer.ask("POST", REFUNDS, wanted)
    assert not buyer.offers("Pay back")
    buyer.ask("PATCH", f"{REFUNDS}/{refund['id']}", {"status": "approved"})
    assert buyer.offers("Pay back")
    assert "Paid back: 100.00 RUB" in buyer.press("Pay back")
    assert buyer.ask("GET", f"{REFUNDS}/{refund['id']}")["status"] == "paid"
    money = buyer.money
    assert (money["refunded"], money["earned"], money["due_back"]) == ("100.00", "100.00", "0.00")
    assert buyer.barcodes == 1
    assert not buyer.offers("Pay back")


def test_notices_are_doubled_shuffled_and_delayed(buyer):
    buyer.page.locator("summary").click()
    for name in ("Each twice", "In any order"):
        buyer.page.get_by_label(name).check()
    buyer.page.get_by_label("Seconds later").fill("1")
    buyer.page.get_by_role("button", name="Pay", exact=True).click()
    assert buyer.page.get_by_text("Will be sent at").count() == 4
    until(lambda: buyer.status == "done", "the delayed notices do not come")
    assert buyer.money["attention"] == []
