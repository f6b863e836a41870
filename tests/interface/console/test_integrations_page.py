"""The page of integrations: where each webhook stands, its log, and what a person does to it."""

import json
import re
from contextlib import closing
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from console_data import HOUSE_KEY, SHOP
from console_webhooks import ORDERS, running_with_webhooks
from msgspec.structs import replace
from playwright.sync_api import expect
from polling import until
from test_everybody_can_use_it import PHONE, serious
from webhook_office import deed

from application.bootstrap import build
from application.feed.reading import Wanted
from application.ports.webhooks import WebhookState
from application.settings import Settings

PAGE = "/console/integrations"


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """A service that delivers; visitors and plain requests come here."""
    with running_with_webhooks(tmp_path_factory.mktemp("webhooks")) as service:
        yield service


@pytest.fixture
def services(console):
    with closing(build(Settings(database=console.database))) as services:
        yield services


@pytest.fixture
def known(services):
    """Reads a webhook as it is stored."""
    return lambda webhook: services.store.webhooks().find(webhook)


def form_of(plain, webhook, **more):
    """What a form of a webhook's page sends."""
    page = plain.get(f"{PAGE}/{webhook}").text
    names = ("token", "revision")
    found = {each: re.search(f'name="{each}" value="([^"]+)"', page)[1] for each in names}
    return {**found, **more}


def press(plain, webhook, what, form):
    return plain.post(f"{PAGE}/{webhook}/{what}", data=form, allow_redirects=False)


def received(console, path):
    return [each for each in console.receiver.received if each.path == path]


def test_a_partner_sees_how_each_webhook_gets_on(visitor, console):
    page = visitor().signed_in(console.key)
    page.click("nav >> text=Integrations")
    rows = page.locator(".webhooks tbody tr")
    expect(rows).to_have_count(4)
    good, fails, gone, paused = (rows.nth(each) for each in range(4))
    expect(good).to_contain_text("Active")
    expect(good).to_contain_text("Confirmed")
    expect(good).to_contain_text("Nothing waits")
    expect(fails).to_contain_text("The receiver has answered 500.")
    expect(gone).to_contain_text("Switched off")
    expect(paused).to_contain_text("Somebody has paused it.")
    expect(paused).to_contain_text(f"{2 * ORDERS} events")
    expect(paused).to_contain_text("for 5")
    expect(paused).to_contain_text("Nothing was sent yet")


def test_who_may_not_read_webhooks_is_not_shown_the_way_to_them(plain):
    plain.sign_in(HOUSE_KEY)
    assert PAGE not in plain.get("/console/orders").text
    assert plain.get(PAGE).status_code == 403
    assert plain.get(f"{PAGE}/events/1").status_code == 403


def test_without_webhooks_the_page_tells_how_to_add_one(plain, console):
    plain.sign_in(console.shop_key)
    page = plain.get(PAGE).text
    assert "No webhooks yet" in page
    assert f"orderlog webhook add https://… --partner {SHOP}" in page
    assert "Readers of the feed" not in page
    assert plain.get(f"{PAGE}/{console.good}").status_code == 404
    form = {"token": plain.token(PAGE), "revision": "1", "state": "paused"}
    assert press(plain, console.good, "state", form).status_code == 404


def test_an_auditor_sees_those_of_all_partners_and_changes_nothing(plain, console, known):
    plain.sign_in(console.auditors_key)
    page = plain.get(PAGE).text
    assert page.count("The Playhouse") == 4
    assert "Streams open now" in page
    narrowed = plain.get(f"{PAGE}?state=paused").text
    assert f"{PAGE}/{console.paused}" in narrowed
    assert f"{PAGE}/{console.good}" not in narrowed
    page = plain.get(f"{PAGE}/{console.good}").text
    assert "Send a ping" not in page
    assert "Send again" not in page
    form = {"token": plain.token(f"{PAGE}/{console.good}"), "revision": "1", "state": "paused"}
    for what in ("ping", "state", "again"):
        assert press(plain, console.good, what, form).status_code == 403
    assert known(console.good).state is WebhookState.ACTIVE


def test_what_waits_is_shown_with_why_and_since_when(plain, console):
    plain.sign_in(console.key)
    page = plain.get(f"{PAGE}/{console.fails}").text
    rows = page.partition("Orders that wait</h2>")[2].partition("</table>")[0]
    assert all(order in rows for order in console.orders)
    assert rows.count("The receiver has answered 500.") == ORDERS
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page


def test_an_event_of_the_log_leads_to_its_order_at_that_version(plain, console):
    plain.sign_in(console.key)
    log = plain.get(f"{PAGE}/{console.good}?position=2").text
    assert f"{PAGE}/events/2" in log
    assert f"{PAGE}/events/1" not in log
    answer = plain.get(f"{PAGE}/events/2", allow_redirects=False)
    assert answer.headers["Location"] == f"/console/orders/{console.orders[0]}?version=2"
    assert plain.get(f"{PAGE}/events/999999").status_code == 404


def test_a_log_is_narrowed_to_failures_and_paged(plain, console, services):
    plain.sign_in(console.key)
    assert "No deliveries" in plain.get(f"{PAGE}/{console.good}?failed_only=true").text
    attempt = services.store.webhooks().attempts(console.good, 1)[0]
    for _ in range(60):
        services.store.webhooks().note(replace(attempt, webhook=console.paused, id=0))
    page = plain.get(f"{PAGE}/{console.paused}").text
    older = unescape(re.search(r'rel="next" href="([^"#]+)', page)[1])
    numbers = "/console/integrations/events/"
    assert [page.count(numbers), plain.get(older).text.count(numbers)] == [50, 10]


@pytest.mark.parametrize("path", ["no-id", "0" * 24, "events/x", "events/" + "9" * 30])
def test_what_is_not_there_is_a_page(plain, console, path):
    plain.sign_in(console.key)
    answer = plain.get(f"{PAGE}/{path}")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_a_ping_is_sent_and_its_answer_shown(visitor, console):
    page = visitor().signed_in(console.key)
    page.goto(f"{console.address}{PAGE}/{console.good}")
    before = len(received(console, "/good"))
    page.click("text=Send a ping")
    expect(page.locator(".notice.good")).to_contain_text("The ping was confirmed.")
    expect(page.locator(".tries tbody tr").first).to_contain_text("Ping")
    body = received(console, "/good")[before:][-1].body
    assert json.loads(body)["type"] == "orderlog.ping"
    page.goto(f"{console.address}{PAGE}/{console.fails}")
    page.click("text=Send a ping")
    expect(page.locator(".alarm")).to_contain_text("The receiver has answered 500.")


def test_an_event_is_sent_again_from_its_line_in_the_log(visitor, console, services):
    page = visitor().signed_in(console.key)
    page.goto(f"{console.address}{PAGE}/{console.good}?position=3")
    had = [each.headers["webhook-id"] for each in received(console, "/good") if at(each) == 3]
    page.click("[aria-label='Send event 3 again']")
    expect(page.locator(".notice.good")).to_contain_text("1 event is sent again.")
    wanted = services.store.webhooks().attempts
    until(lambda: wanted(console.good, 1, position=3)[0].again, "it is not sent again")
    names = {each.headers["webhook-id"] for each in at_position(console, 3)}
    assert names == set(had)
    page.goto(f"{console.address}{PAGE}/{console.good}?position=3")
    expect(page.locator(".tries tbody tr").first).to_contain_text("sent again")


def test_events_are_sent_again_by_time_and_from_a_position_on(plain, console, services):
    plain.sign_in(console.key, zone="Europe/Moscow")
    last = services.feed.read(0, 100, Wanted()).events[-1]
    begin = last.at.astimezone(ZoneInfo("Europe/Moscow")).replace(tzinfo=None)
    moments = {"how": "time", "from": begin.isoformat(timespec="seconds")}
    answer = press(plain, console.good, "again", form_of(plain, console.good, **moments))
    assert "sent again." in plain.get(answer.headers["Location"]).text
    until(lambda: len(at_position(console, last.position)) > 1, "it is not sent again")
    onwards = {"how": "onwards", "position": str(last.position - 1)}
    answer = press(plain, console.good, "again", form_of(plain, console.good, **onwards))
    place = answer.headers["Location"]
    assert f"All events from position {last.position - 1} on" in plain.get(place).text
    until(lambda: len(at_position(console, last.position)) > 2, "it is not sent again")
    assert 'role="status"' not in plain.get(place.replace("onwards-", "onwards-9")).text


@pytest.mark.parametrize(
    ("form", "code", "says"),
    [
        ({"how": "event", "position": "0"}, "no_position", "A position is a whole number"),
        ({"how": "event", "position": "x"}, "no_position", "A position is a whole number"),
        ({"how": "event", "position": "9999"}, "event_not_of_webhook", "no event of this webhook"),
        ({"how": "onwards", "position": "9999"}, "position_ahead", "does not go that far"),
        ({"how": "time", "from": "never"}, "no_moments", "Say since when"),
        ({"how": "time", "from": "2030-01-02T00:00", "till": "2030-01-01T00:00"}, "no_moments", ""),
        ({"how": "event", "position": "1", "revision": "99"}, "version_mismatch", "has changed"),
    ],
)
def test_what_cannot_be_sent_again_is_said(plain, console, form, code, says):
    plain.sign_in(console.key)
    answer = press(plain, console.good, "again", form_of(plain, console.good) | form)
    assert answer.headers["Location"] == f"{PAGE}/{console.good}?failed={code}"
    page = plain.get(answer.headers["Location"]).text
    assert "Nothing was done." in page
    assert says in page


def test_it_is_paused_and_resumed_once_however_often_one_presses(plain, console, known):
    plain.sign_in(console.narrow_key)
    form = form_of(plain, console.good, state="paused")
    answers = [press(plain, console.good, "state", form) for _ in range(2)]
    assert {each.headers["Location"] for each in answers} == {f"{PAGE}/{console.good}?done=paused"}
    assert "The webhook is paused." in plain.get(answers[0].headers["Location"]).text
    assert known(console.good).revision == int(form["revision"]) + 1
    stale = press(plain, console.good, "state", form | {"state": "active"})
    assert stale.headers["Location"].endswith("failed=version_mismatch")
    assert "The webhook is paused." not in plain.get(f"{PAGE}/{console.good}?done=active").text
    again = form_of(plain, console.good, state="active")
    press(plain, console.good, "state", again)
    assert known(console.good).state is WebhookState.ACTIVE
    assert press(plain, console.good, "state", again | {"state": "off"}).status_code == 400
    assert press(plain, console.good, "ping", again | {"token": "x"}).status_code == 400


def test_the_state_follows_while_one_looks(visitor, console, services):
    page = visitor().signed_in(console.key)
    page.goto(f"{console.address}{PAGE}/{console.paused}")
    expect(page.locator("#now")).to_contain_text("Somebody has paused it.")
    records = services.store.webhooks()
    paused = records.find(console.paused)
    changed = replace(paused, state=WebhookState.OFF, reason="gone", revision=paused.revision + 1)
    assert records.change(changed, deed())
    expect(page.locator("#now")).to_contain_text("The receiver has said that it is gone (410).")
    assert records.change(replace(paused, revision=changed.revision + 1), deed())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(visitor, console, scheme):
    somebody = visitor(color_scheme=scheme)
    somebody.signed_in(console.key)
    options = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
    for path in ("", f"/{console.fails}"):
        assert serious(somebody.go(PAGE + path), **options) == {}, path


def test_it_fits_a_phone_in_russian(visitor, console):
    somebody = visitor(**PHONE, locale="ru-RU")
    somebody.signed_in(console.key)
    for path in ("", f"/{console.fails}"):
        page = somebody.go(PAGE + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    expect(page.locator("#now")).to_contain_text("Получатель ответил 500.")


def at(message):
    """The position of a message; None for a ping."""
    return json.loads(message.body)["data"].get("position")


def at_position(console, position):
    return [each for each in received(console, "/good") if at(each) == position]
