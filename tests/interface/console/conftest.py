"""Visitors of the console: by a real browser, or by plain requests."""

import time
from http.client import TOO_MANY_REQUESTS
from urllib.parse import urlsplit

import pytest
import requests
from console_data import HOUSE_KEY
from console_service import running

from interface.console.page_session import SESSION_COOKIE

SECONDS = 10_000
"""How long a browser looks for what should be there, in milliseconds."""

GIVEN_UP = ("htmx:afterRequest", "htmx:sendAbort")
"""What htmx says of a request that a later one of the slider took the place of."""


@pytest.fixture(scope="session")
def console(tmp_path_factory):
    with running(tmp_path_factory.mktemp("console")) as service:
        yield service


class Visitor:
    """A person at a browser. Notes what they must never see: errors, and requests to elsewhere."""

    def __init__(self, browser, address, **looks):
        looks = {"timezone_id": "Europe/Moscow", "locale": "en-GB", **looks}
        self.zone = looks["timezone_id"]
        self.context = browser.new_context(**looks)
        self.context.set_default_timeout(SECONDS)
        self.address = address
        self.complaints = []
        self.elsewhere = []
        self.page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._follow)

    def _hear(self, message):
        if message.type in {"error", "warning"} and not message.text.startswith(GIVEN_UP):
            self.complaints.append(message.text)

    def _follow(self, request):
        ours = urlsplit(self.address).netloc
        if urlsplit(request.url).netloc not in {ours, ""}:
            self.elsewhere.append(request.url)

    def go(self, path):
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, key=HOUSE_KEY):
        self.go("/console/sign-in")
        self.page.fill("#key", key)
        self.page.press("#key", "Enter")
        self.page.wait_for_url("**/console/orders")
        return self.page

    def signed_in(self, key=HOUSE_KEY):
        """The list of orders, with a session that was begun by plain requests."""
        with Plain(self.address) as plain:
            plain.sign_in(key, zone=self.zone)
            cookie = plain.cookies[SESSION_COOKIE]
        where = {"domain": "127.0.0.1", "path": "/console"}
        self.context.add_cookies([{"name": SESSION_COOKIE, "value": cookie, **where}])
        return self.go("/console/orders")

    def expects_complaint(self, partition):
        """A failure that was asked for is written to the browser's console too."""
        assert any(partition in each for each in self.complaints), self.complaints
        self.complaints = [each for each in self.complaints if partition not in each]


@pytest.fixture
def visitor(browser, console):
    """Makes visitors; whatever they do, no error is logged and nobody else is asked."""
    visitors = []

    def come(**looks):
        visitors.append(Visitor(browser, console.address, **looks))
        return visitors[-1]

    yield come
    for each in visitors:
        each.context.close()
        assert each.complaints == []
        assert each.elsewhere == []


@pytest.fixture
def page(visitor):
    """The list of orders, as the data sees it."""
    return visitor().signed_in()


@pytest.fixture
def plain(console):
    """Requests without a browser: what a page needs no eyes for."""
    with Plain(console.address) as session:
        yield session


class Plain(requests.Session):
    def __init__(self, address):
        super().__init__()
        self.address = address

    def request(self, method, url, **more):
        """Ask; a machine that is fast enough asks too often for one address, and then again."""
        answer = super().request(method, self.address + url, timeout=60, **more)
        while answer.status_code == TOO_MANY_REQUESTS:
            time.sleep(int(answer.headers["Retry-After"]))
            answer = super().request(method, self.address + url, timeout=60, **more)
        return answer

    def token(self, path="/console/sign-in"):
        """What the forms of a page are sent with."""
        return self.get(path).text.partition('name="token" value="')[2].partition('"')[0]

    def sign_in(self, key=HOUSE_KEY, **more):
        form = {"token": self.token(), "key": key, **more}
        return self.post("/console/sign-in", data=form, allow_redirects=False)
