"""The clock of a partner in the sandbox, on real servers with two processes that answer."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from databases import STORES, a_database
from polling import until
from sandbox import CLOCK, FIELD, PREMIERE, SHOP_KEY, SHOW_OF_RULES, STALLS, raw_post
from server import EVENT, ORDERS, Service, orderlog

SEATS = [f"56a6253df06c5a059a9380{number:02x}" for number in range(0xA0, 0xE0)]
SHOP = {"Authorization": f"key {SHOP_KEY}"}
TICKETS = f"/v1/resources/events/{EVENT}/tickets?page_size=1000"
ENOUGH = 8
"""So many connections reach both processes nearly always."""


@pytest.fixture(scope="module", params=STORES)
def served(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sandbox")
    rules = folder / "rules.yaml"
    rules.write_text(SHOW_OF_RULES)
    with ExitStack() as opened:
        database = opened.enter_context(a_database(request.param, request, folder))
        log = folder / "log"
        service = opened.enter_context(Service(database, log, "--sandbox", "--workers", "2"))
        loaded = orderlog("catalog", "load", "--sandbox", str(rules), "--database", database)
        assert loaded.returncode == 0, loaded.stderr
        service.seats = iter(SEATS)
        yield service


@pytest.fixture
def sandbox(served):
    yield served
    for headers in ({}, SHOP):
        assert served.call("DELETE", CLOCK, **headers).body["moved"] is False


def move(service, headers=None, **body):
    answer = service.call("POST", CLOCK, body, **(headers or {}))
    assert answer.status == 200, answer.content
    assert abs(moment(answer.headers["x-sandbox-clock"]) - moment(answer.body["now"])) < SECOND
    return answer.body


SECOND = timedelta(seconds=1)


def moment(text):
    return datetime.fromisoformat(text)


def new_order(service, headers=None, **more):
    seat = next(service.seats)
    body = {"event": EVENT, "tickets": [seat], "all_or_nothing": True, **more}
    answer = service.call("POST", ORDERS, body, **(headers or {}))
    assert answer.status == 201, answer.content
    return f"{ORDERS}/{answer.body['id']}", seat


def history(service, path):
    return service.call("GET", f"{path}/history").body["events"]


def state_of(service, seat, headers=None):
    listed = service.call("GET", TICKETS, **(headers or {})).body
    return next(each["status"] for each in listed if each["id"] == seat)


def test_a_hold_ends_in_a_second_for_every_process(sandbox):
    path, seat = new_order(sandbox)
    assert move(sandbox, forward="PT9M")["ahead"] == "PT540S"
    assert sandbox.call("GET", path).body["status"] == "executed"
    assert move(sandbox, forward="PT1M30S") | {"now": ""} == {
        "now": "",
        "ahead": "PT630S",
        "moved": True,
    }
    for _ in range(ENOUGH):
        answer = sandbox.call("GET", path)
        assert answer.body["status"] == "expired"
        ahead = moment(answer.headers["x-sandbox-clock"]) - datetime.now(UTC)
        assert abs(ahead - timedelta(seconds=630)) < 5 * SECOND
        assert sandbox.call("GET", CLOCK).body["moved"] is True
    last = history(sandbox, path)[-1]
    assert (last["name"], last["data"]) == ("StatusChanged", {"status": "expired"})
    assert state_of(sandbox, seat) == "vacant"
    listed = sandbox.call("GET", f"{ORDERS}?status=expired").body
    assert path.rpartition("/")[2] in [each["id"] for each in listed]


def test_another_partner_and_its_tickets_keep_their_time(sandbox):
    theirs, seat = new_order(sandbox, SHOP)
    move(sandbox, forward="P30D")
    for _ in range(ENOUGH):
        answer = sandbox.call("GET", theirs, **SHOP)
        assert answer.body["status"] == "executed"
        assert "x-sandbox-clock" not in answer.headers
    assert sandbox.call("GET", theirs).body["status"] == "executed"  # the organiser sees it so, too
    assert {state_of(sandbox, seat), state_of(sandbox, seat, SHOP)} == {"reserved"}
    tried = sandbox.call("POST", ORDERS, {"event": EVENT, "tickets": [seat]})
    assert (tried.status, tried.body["tickets"]) == (201, [])
    assert len(history(sandbox, theirs)) == 1
    assert sandbox.call("GET", CLOCK, **SHOP).body["ahead"] == "P0D"


def test_the_sweeper_goes_by_the_partners_clock(sandbox):
    path, seat = new_order(sandbox)
    move(sandbox, forward="PT9M58S")
    assert state_of(sandbox, seat) == "reserved"
    until(lambda: state_of(sandbox, seat) == "vacant", "nobody records the end of the hold")
    last = history(sandbox, path)[-1]
    assert (last["data"]["status"], last["request"]) == ("expired", "sweeper")
    assert moment(last["at"]) > datetime.now(UTC) + timedelta(minutes=9)


def test_prices_refunds_and_reports_follow(sandbox):
    until(lambda: PREMIERE in shows_of(sandbox), "the show is not seen")
    move(sandbox, at="2042-05-31T23:59:00Z")
    assert prices_of(sandbox) == ("10.00", "10.00")
    move(sandbox, forward="PT2M")
    for _ in range(ENOUGH):
        assert prices_of(sandbox) == ("20.00", "10.00")
    sold = done(sandbox)
    assert sold["values"]["full"] == "20.00"
    move(sandbox, at="2042-06-24T12:00:00Z")
    refund = {"order": sold["id"], "culprit": "user", "tickets_refund": sold["tickets"]}
    asked = sandbox.call("POST", "/v1/resources/refund_requests", refund)
    assert (asked.status, asked.body["value"]) == (201, "10.00")
    assert asked.body["created_at"].startswith("2042-06-24T12:00:")
    report = sandbox.call(
        "GET",
        f"/v1/resources/events/{PREMIERE}/sales",
        X_Wait_For_Position=asked.headers["x-log-position"],
    ).body
    assert [each["day"] for each in report["days"] if each["sold"]] == ["2042-06-01"]


def shows_of(service):
    return {each["id"]: each for each in service.call("GET", "/v1/services/simple/events").body}


def prices_of(service):
    """What the partner is shown, and what the shop is."""
    shown = [service.call("GET", "/v1/services/simple/events", **who).body for who in ({}, SHOP)]
    prices = [
        each["sets"][0]["price"] for found in shown for each in found if each["id"] == PREMIERE
    ]
    return tuple(prices)


def done(service):
    asked = {
        "event": PREMIERE,
        "random": {STALLS: 1},
        "payment": {"system": "api/CASH"},
        "status": "in_progress",
    }
    made = service.call("POST", ORDERS, asked).body
    answer = service.call("PATCH", f"{ORDERS}/{made['id']}", {"status": "done"})
    assert answer.status == 200, answer.content
    return answer.body


def test_back_in_time_an_orders_events_do_not_go_back(sandbox):
    path, _ = new_order(sandbox)
    created = history(sandbox, path)[0]["at"]
    move(sandbox, at="2020-02-29T12:00:00Z")
    changed = sandbox.call("PATCH", path, {"customer": {"email": "a@example.org"}})
    assert (changed.status, changed.body["status"]) == (200, "executed")
    assert [each["at"] for each in history(sandbox, path)] == [created, created]
    early, seat = new_order(sandbox)
    assert sandbox.call("GET", early).body["created_at"].startswith("2020-02-29T12:00:")
    assert state_of(sandbox, seat) == "reserved"
    sandbox.call("DELETE", CLOCK)
    assert sandbox.call("GET", early).body["status"] == "expired"
    assert state_of(sandbox, seat) == "vacant"


def paid(service, action):
    """An order that its buyer pays by a button of the sandbox's page, and what the page says."""
    paying = {"payment": {"system": "sandbox/GATE"}, "status": "in_progress"}
    path, _ = new_order(service, customer={"lang": "en"}, **paying)
    page = urlsplit(service.call("GET", path).body["payment"]["redirect_url"])
    form = service.send("GET", f"{page.path}?{page.query}", {}).content.decode()
    sent = raw_post(service, urlencode({**dict(FIELD.findall(form)), "action": action}))
    return path, sent.content.decode()


def test_money_is_in_time_by_the_partners_clock(sandbox):
    move(sandbox, at="2020-02-29T12:00:00Z")
    path, said = paid(sandbox, "pay")
    assert said.count("200 kept") == 2
    events = history(sandbox, path)
    assert sandbox.call("GET", path).body["status"] == "done"
    assert "OrderReinstated" not in [each["name"] for each in events]
    assert {each["at"][:16] for each in events} <= {"2020-02-29T12:00", "2020-02-29T12:01"}


def test_money_is_late_by_the_partners_clock(sandbox):
    path, said = paid(sandbox, "pay_late")
    assert "Will be sent at" in said
    move(sandbox, forward="PT6M")
    until(lambda: sandbox.call("GET", path).body["status"] == "done", "no late money")
    events = {each["name"]: each for each in history(sandbox, path)}
    assert {"StatusChanged", "PaymentReceived", "OrderReinstated"} <= events.keys()
    assert moment(events["OrderReinstated"]["at"]) > datetime.now(UTC) + timedelta(minutes=5)


def test_a_restart_knows_the_clock(sandbox):
    ahead = move(sandbox, forward="P400D")["ahead"]
    sandbox.stop()
    sandbox.start()
    answer = sandbox.call("GET", CLOCK)
    assert answer.body["ahead"] == ahead
    assert "x-sandbox-clock" in answer.headers


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "forward_or_at", None),
        ({"forward": "PT1M", "at": "2030-01-01T00:00:00Z"}, "forward_or_at", None),
        ({"forward": "10"}, "bad_duration", None),
        ({"forward": "P1Y"}, "bad_duration", None),
        ({"forward": "PT0S"}, "bad_duration", None),
        ({"forward": "-PT1M"}, "bad_duration", None),
        ({"forward": "P7306D"}, "clock_too_far", None),
        ({"forward": "P999999999D"}, "clock_too_far", None),
        ({"at": "1999-01-01T00:00:00Z"}, "clock_too_far", None),
        ({"at": "9999-12-31T23:59:59Z"}, "clock_too_far", None),
        ({"forward": 10}, "bad_body", "/forward"),
        ({"forward": None}, "bad_body", "/forward"),
        ({"forward": "P" + "1" * 100 + "D"}, "bad_body", "/forward"),
        ({"at": "2030-01-01"}, "bad_body", "/at"),
        ({"at": 5}, "bad_body", "/at"),
        ({"partner": "x", "forward": "PT1M"}, "bad_body", "/partner"),
        ([], "bad_body", None),
    ],
)
def test_nonsense_is_refused_and_moves_nothing(sandbox, body, code, pointer):
    answer = sandbox.call("POST", CLOCK, body)
    assert (answer.status, answer.body["code"]) == (400, code)
    if pointer:
        assert [each["pointer"] for each in answer.body["errors"]] == [pointer]
    assert sandbox.call("GET", CLOCK).body["moved"] is False


def test_who_may_not_and_what_else_there_is_not(sandbox):
    assert sandbox.send("POST", CLOCK, {}, {"forward": "PT1M"}).status == 401
    reading = sandbox.create_key("--scope", "orders:read")
    answer = sandbox.call("POST", CLOCK, {"forward": "PT1M"}, Authorization=f"key {reading}")
    assert (answer.status, answer.body["code"]) == (403, "missing_scope")
    assert sandbox.call("PUT", CLOCK, {"forward": "PT1M"}).status == 405
    assert sandbox.call("GET", f"{CLOCK}?partner=x").body["code"] == "bad_query"


def test_its_document_describes_the_clock(sandbox):
    document = sandbox.send("GET", "/openapi.json", {}).body
    assert document["paths"][CLOCK].keys() == {"get", "post", "delete"}
    said = document["paths"][CLOCK]["post"]["responses"]["400"]["description"]
    assert all(each in said for each in ("forward_or_at", "bad_duration", "clock_too_far"))
    assert "sandbox" in [each["name"] for each in document["tags"]]
