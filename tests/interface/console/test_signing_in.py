import re
import time
from datetime import UTC, datetime

import pytest
import requests
from console_data import CONCERT, HOUSE, HOUSE_KEY, LAWN, SHOP_KEY

from application.bootstrap import build
from application.catalog.keys import create_key, revoke_key
from application.settings import Settings
from interface.console.page_session import SESSION_COOKIE

PAGE = "/console/orders"
PROMISES = {"HttpOnly", "SameSite=Lax", "Path=/console"}


def test_who_has_a_key_comes_in_and_goes_out(visitor):
    page = visitor().sign_in()
    assert page.inner_text("h1") == "Orders"
    assert "The Playhouse" in page.inner_text("header")
    page.click("text=Sign out")
    page.wait_for_selector("#key")
    page.goto(page.url.replace("/sign-in", "/orders"))
    assert page.inner_text("h1") == "Sign in"


def test_a_wrong_key_stays_outside_and_is_told_so(visitor):
    somebody = visitor()
    page = somebody.go("/console")
    page.fill("#key", "0" * 32)
    page.click("button:has-text('Sign in')")
    assert "unknown or was revoked" in page.inner_text("[role=alert]")
    assert page.evaluate("document.activeElement.id") == "key"
    somebody.expects_complaint("403")


def test_after_signing_in_one_is_where_one_wanted_to_be(visitor, console):
    page = visitor().go(f"/console/orders/{console.long_order}?version=3")
    page.fill("#key", HOUSE_KEY)
    page.press("#key", "Enter")
    page.wait_for_url(f"**/console/orders/{console.long_order}?version=3")


def test_a_session_that_is_over_asks_for_the_key_again(visitor):
    somebody = visitor()
    somebody.sign_in()
    old = {"name": SESSION_COOKIE, "value": "a" * 43, "domain": "127.0.0.1", "path": "/console"}
    somebody.context.add_cookies([old])
    page = somebody.go(PAGE)
    assert page.inner_text("h1") == "Sign in"


def test_who_revokes_a_key_ends_its_sessions(plain, console):
    services = build(Settings(database=console.database))
    key = create_key(services.store, HOUSE, datetime.now(UTC))
    within_seconds(lambda: plain.sign_in(key.text).status_code == 303)
    assert plain.get(PAGE, allow_redirects=False).status_code == 200
    revoke_key(services.store, key.key.id, datetime.now(UTC))
    services.close()
    within_seconds(lambda: plain.get(PAGE, allow_redirects=False).status_code == 302)
    assert "/sign-in" in plain.get(PAGE, allow_redirects=False).headers["Location"]


def within_seconds(happens):
    deadline = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < deadline


def test_the_cookie_is_guarded_and_does_not_hold_the_key(plain):
    answer = plain.sign_in()
    assert answer.status_code == 303
    said = answer.headers["Set-Cookie"]
    assert set(re.split(r"; ", said)) >= PROMISES
    assert "Secure" not in said
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", plain.cookies[SESSION_COOKIE])


def test_over_https_the_cookie_never_travels_in_the_clear(plain):
    answer = plain.get("/console/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: "x" + text, lambda _: "."])
def test_a_cookie_that_somebody_changed_is_none(plain, change):
    plain.sign_in()
    changed = change(plain.cookies[SESSION_COOKIE])
    answer = requests.get(
        plain.address + PAGE,
        cookies={SESSION_COOKIE: changed},
        allow_redirects=False,
        timeout=60,
    )
    assert answer.status_code == 302


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/sign-out", "/console/nowhere"])
@pytest.mark.parametrize("token", [None, "", "guessed", "ключ"])
def test_a_form_from_elsewhere_does_nothing(plain, path, token):
    plain.sign_in()
    answer = plain.post(path, data={"token": token, "key": SHOP_KEY}, allow_redirects=False)
    assert answer.status_code == 400
    assert "open for too long" in answer.text
    assert "The Playhouse" in plain.get(PAGE).text


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/console/../v1",
        "/v1",
        "javascript:1",
        "/console\\@elsewhere.example",
        "/consoleevil",
        "/console//elsewhere.example\r\nX: 1",
    ],
)
def test_signing_in_leads_to_our_own_pages_only(plain, address):
    answer = plain.sign_in(next=address)
    assert answer.headers["Location"] == PAGE


def test_the_console_does_not_open_the_api(plain):
    plain.sign_in()
    assert plain.get("/v1/resources/orders").status_code == 401
    command = {"event": CONCERT, "random": {LAWN: 1}}
    assert plain.post("/v1/resources/orders", json=command).status_code == 401


def test_a_key_in_a_header_does_not_open_the_console(plain):
    answer = plain.get(PAGE, headers={"Authorization": f"key {HOUSE_KEY}"}, allow_redirects=False)
    assert answer.status_code == 302
