"""Sessions are kept by reference: they end at once, and nothing in the database makes a cookie."""

import re
from contextlib import closing

import pytest
from clock import Clock
from mixed_orders import CLUB, NOON, THEATRE, load_shows

from application.bootstrap import build
from application.catalog.keys import create_key, revoke_key
from application.catalog.scopes import ADMIN, AUDIT, EVENTS_READ, ORDERS_READ
from application.settings import Settings
from interface.console.page_session import SESSION_COOKIE
from interface.server.flask_app import create_app

ORDERS, SESSIONS = "/console/orders", "/console/sessions"


class Console:
    """The console of a service whose clock moves only when a test says so."""

    def __init__(self, services, clock):
        self.services = services
        self.clock = clock
        self.app = create_app(services)
        load_shows(services.store, 2)

    def key(self, *scopes, partner=CLUB):
        made = create_key(self.services.store, partner, NOON, scopes)
        self.services.catalog._look_again = 0.0
        return made

    def browser(self, key=None, agent="A browser"):
        browser = self.app.test_client()
        browser.environ_base["HTTP_USER_AGENT"] = agent
        if key is not None:
            form = {"token": token_of(browser.get("/console/sign-in")), "key": key}
            assert browser.post("/console/sign-in", data=form).status_code == 303
        return browser


def token_of(answer):
    return re.search(r'name="token" value="([^"]+)"', answer.text)[1]


def cookie_of(browser):
    return browser.get_cookie(SESSION_COOKIE, path="/console").value


def is_in(browser):
    return browser.get(ORDERS).status_code == 200


@pytest.fixture
def console(address):
    clock = Clock()
    with closing(build(Settings(database=address), clock)) as services:
        yield Console(services, clock)


def test_signing_out_ends_every_copy_of_the_cookie(console):
    browser = console.browser(console.key().text)
    copy = console.app.test_client()
    copy.set_cookie(SESSION_COOKIE, cookie_of(browser), path="/console")
    assert is_in(copy)
    browser.post("/console/sign-out", data={"token": token_of(browser.get(ORDERS))})
    assert not is_in(browser)
    assert not is_in(copy)


def test_a_session_ends_when_nobody_looks_at_a_page(console):
    browser = console.browser(console.key().text)
    for _ in range(3):
        console.clock.forward(minutes=29)
        assert is_in(browser)
    console.clock.forward(minutes=30)
    assert not is_in(browser)


def test_a_session_ends_however_busy_it_is(console):
    browser = console.browser(console.key().text)
    for _ in range(23):
        console.clock.forward(minutes=20)
        assert is_in(browser)
    console.clock.forward(minutes=20)
    assert not is_in(browser)


def test_signing_in_changes_the_cookie_and_the_token(console):
    browser = console.browser()
    before = browser.get("/console/sign-in")
    cookie = cookie_of(browser)
    form = {"token": token_of(before), "key": console.key().text}
    browser.post("/console/sign-in", data=form)
    assert cookie_of(browser) != cookie
    assert token_of(browser.get(ORDERS)) != token_of(before)


def test_nothing_in_the_database_makes_a_cookie(console):
    browser = console.browser(console.key().text)
    cookie = cookie_of(browser)
    names = {kind for kind, _ in console.services.store.catalog()}
    assert "secret" not in names
    keys = [name for kind, name in console.services.store.catalog() if kind == "api_key"]
    [session] = console.services.store.console_sessions().of(keys)
    assert cookie not in str(session)
    for made_up in (session.digest, session.id, session.digest[:43], "a" * 43, ""):
        thief = console.app.test_client()
        thief.set_cookie(SESSION_COOKIE, made_up, path="/console")
        assert not is_in(thief)


def test_one_sees_where_one_is_signed_in_and_ends_all_others(console):
    key = console.key()
    here, there = console.browser(key.text, "Here"), console.browser(key.text, "There <b>")
    stranger = console.browser(console.key(partner=THEATRE).text, "Stranger")
    page = here.get(SESSIONS)
    assert "Here" in page.text
    assert "There &lt;b&gt;" in page.text
    assert "Stranger" not in page.text
    assert here.post(f"{SESSIONS}/end-others", data={"token": "x"}).status_code == 400
    assert is_in(there)
    here.post(f"{SESSIONS}/end-others", data={"token": token_of(page)})
    assert [is_in(each) for each in (here, there, stranger)] == [True, False, True]
    assert "End all others" not in here.get(SESSIONS).text


def test_an_administrator_ends_those_of_the_whole_partner(console):
    colleague = console.browser(console.key().text, "Colleague")
    stranger = console.browser(console.key(partner=THEATRE).text)
    administrator = console.browser(console.key(ADMIN, ORDERS_READ).text)
    page = administrator.get(SESSIONS)
    assert "Colleague" in page.text
    administrator.post(f"{SESSIONS}/end-others", data={"token": token_of(page)})
    assert [is_in(each) for each in (administrator, colleague, stranger)] == [True, False, True]


def test_a_revoked_key_ends_its_sessions(console):
    key = console.key()
    browser = console.browser(key.text)
    revoke_key(console.services.store, key.key.id, console.clock())
    console.services.catalog._look_again = 0.0
    assert not is_in(browser)


def test_a_page_opens_only_for_keys_that_may_read_it(console):
    events = console.browser(console.key(EVENTS_READ).text)
    orders = console.browser(console.key(ORDERS_READ).text)
    auditor = console.browser(console.key(AUDIT).text)
    statuses = [
        [browser.get(f"/console/{page}").status_code for page in ("orders", "shows")]
        for browser in (events, orders, auditor)
    ]
    assert statuses == [[403, 200], [200, 403], [200, 200]]
