"""The answers to a recorded set of requests, on the event loop and by Flask alone.

They were recorded before both ways had one handler a call, and are the same byte for byte since.
An answer that is meant to change is changed in the recording, by hand.
"""

import json
import re
from pathlib import Path

import pytest
from exchanges import asker, by_flask, on_the_loop
from seller import KEYS, ORGANISER, PARTERRE, SHOP, SHOW, seat

from application.catalog import vacancies
from application.ports.store import StoreUnavailable
from application.projector.loop import catch_up
from interface.http import shaped_orders
from interface.http.monitoring import Monitoring
from interface.server.draining import Traffic
from interface.server.flask_app import create_app
from interface.server.rsgi import RsgiService

RECORDED = json.loads(Path(__file__).with_name("recorded_answers.json").read_text(encoding="utf-8"))
ORDERS = "/v1/resources/orders"
EVENTS = "/v1/resources/events"
FREE = re.compile(
    r"[0-9a-f]{40}|[0-9a-f]{24}|[0-9a-f]{16}|partner:[^\"]*|\"barcodes?\": ?\"[^\"]*\""
)
"""Tokens, ids and request ids: they differ from run to run."""

SEATS = {"event": SHOW, "tickets": [seat(1), seat(2)]}
RANDOM = {"event": SHOW, "random": {PARTERRE: 1}}
LISTS = (
    ORDERS,
    f"{ORDERS}?page_size=10",
    f"{ORDERS}?fields-schema=id,tickets%7Bid%7D",
    f"{EVENTS}/{SHOW}/tickets",
    f"/v1/services/simple/events/{SHOW}",
    "/v1/services/simple/events",
)
STRANGER = next(key for partner, key in KEYS.items() if partner not in (ORGANISER, SHOP))
JSON = {"Content-Type": "application/json"}


def play(ask):  # noqa: PLR0915 - one request a line
    """Yield each answer of `ask(method, path, json=None, *, data=None, key=..., headers={})`."""
    yield ask("GET", f"{EVENTS}/{SHOW}/tickets")
    yield ask("GET", f"{EVENTS}/{SHOW}/tickets?status=vacant")
    yield ask("GET", f"{EVENTS}/{SHOW}/tickets?status=lost")
    yield ask("GET", f"{EVENTS}/{'0' * 24}/tickets")
    yield ask("GET", f"{EVENTS}/{SHOW.upper()}/sales")
    yield ask("GET", f"{EVENTS}/{SHOW}/sales?at=yesterday")
    yield ask("GET", "/v1/services/simple/events")
    yield ask("GET", "/v1/services/simple/events?pages=1")
    made = ask("POST", ORDERS, SEATS, headers={"X-Request-Id": "mine", "Idempotency-Key": "one"})
    order = f"{ORDERS}/{made.json['id']}"
    yield made
    yield ask("POST", ORDERS, SEATS, headers={"X-Request-Id": "again", "Idempotency-Key": "one"})
    yield ask("POST", ORDERS, RANDOM, headers={"Idempotency-Key": "one"})
    yield ask("POST", ORDERS, RANDOM, headers={"Idempotency-Key": "ключ".encode().decode("latin1")})
    yield ask("POST", ORDERS, RANDOM, headers={"Idempotency-Key": ""})
    yield ask("POST", ORDERS, RANDOM, headers={"X-Request-Id": "not good"})
    yield ask("POST", ORDERS, RANDOM, key=None)
    yield ask("POST", ORDERS, RANDOM, key="f" * 32)
    yield ask("POST", ORDERS, RANDOM, key=STRANGER)
    yield ask("POST", ORDERS, {"event": "0" * 24, "random": {PARTERRE: 1}})
    yield ask("POST", ORDERS, {"event": SHOW, "random": {"0" * 24: 1}})
    yield ask("POST", ORDERS, {"event": SHOW, "random": {PARTERRE: 0}})
    yield ask("POST", ORDERS, {"event": SHOW, "tickets": [seat(3), seat(1)]})
    yield ask("POST", ORDERS, {"event": SHOW, "tickets": [seat(4), seat(4)]})
    yield ask("POST", ORDERS, {"event": SHOW, "tickets": ["0" * 24]})
    yield ask("POST", ORDERS, {"event": SHOW, "tickets": []})
    yield ask("POST", ORDERS, {"event": SHOW, "tickets": [seat(5)], "random": {PARTERRE: 1}})
    yield ask("POST", ORDERS, {"event": SHOW})
    yield ask("POST", ORDERS, [])
    yield ask("POST", ORDERS, data=b"{", headers=JSON)
    yield ask("POST", ORDERS, data=b'{"event": "a", "event": "b"}', headers=JSON)
    yield ask("POST", ORDERS, data=b"[" * 5000, headers=JSON)
    yield ask("POST", ORDERS, data=b"\xff", headers=JSON)
    yield ask("POST", ORDERS, data=b"{}", headers={"Content-Type": "text/plain"})
    yield ask("POST", ORDERS, data=b"{}")
    yield ask("POST", f"{ORDERS}?fields-schema=id,status", RANDOM)
    yield ask("POST", f"{ORDERS}?fields-schema=nothing", RANDOM)
    yield ask("POST", f"{ORDERS}?page=1", RANDOM)
    yield ask("PUT", ORDERS, RANDOM)
    yield ask("OPTIONS", ORDERS)
    yield ask("GET", order)
    yield ask("HEAD", order)
    yield ask("GET", order, key=KEYS[SHOP])
    yield ask("GET", order, key=None)
    yield ask("GET", f"{ORDERS}/{'0' * 24}")
    yield ask("GET", f"{ORDERS}/nothing")
    yield ask("GET", order.upper())
    yield ask("GET", f"{order}?version=1")
    yield ask("GET", f"{order}?version=9")
    yield ask("GET", f"{order}?version=1&version=2")
    yield ask("GET", f"{order}?at=2029-01-01T00:00:00Z")
    yield ask("GET", f"{order}?fields-schema=id,values{{nominal}}")
    yield ask("GET", f"{order}?fields-schema=id,,")
    yield ask("GET", f"{order}/")
    yield ask("GET", f"{order}/tickets")
    yield ask("GET", f"{order}/history")
    yield ask("GET", f"{order}/history?page=1")
    yield ask("GET", f"{order}/explain")
    yield ask("GET", f"{order}/explain", headers={"Accept-Language": "ru, en;q=0.5"})
    yield ask("GET", f"{order}/explain", headers={"Accept-Language": "tlh"})
    yield ask("PATCH", order, {"status": "in_progress"})
    yield ask("PATCH", order, {"payment": {"system": "nobody"}})
    yield ask("PATCH", order, {"payment": {"system": "api/BASE"}}, headers={"If-Match": '"7"'})
    yield ask("PATCH", order, {"payment": {"system": "api/BASE"}}, headers={"If-Match": '"1", "7"'})
    yield ask("PATCH", order, {"payment": {"system": "api/BASE"}}, headers={"If-Match": "*"})
    yield ask("PATCH", order, {"customer": {"email": "anna@example.org", "first_name": "Anna"}})
    yield ask("PATCH", order, {"customer": {"email": "anna"}, "status": "paid", "more": 1})
    yield ask("PATCH", order, {"tickets": [seat(1)]}, headers={"Idempotency-Key": "two"})
    yield ask("PATCH", order, {"status": "in_progress"}, key=KEYS[SHOP])
    yield ask("PATCH", order, {"status": "in_progress"})
    yield ask("PATCH", order, {"status": "in_progress"})
    yield ask("PATCH", order, {"tickets": [seat(6)]})
    yield ask("PATCH", order, {"status": "expired"})
    yield ask("PATCH", order, {})
    yield ask("PATCH", f"{order}?fields-schema=status", {"status": "done"})
    yield ask("GET", f"{order}/diff?from=1&to=4")
    yield ask("GET", f"{order}/diff?from=4&to=1")
    yield ask("GET", f"{order}/diff")
    yield ask("DELETE", order)
    yield ask("DELETE", f"{order}?force=1")
    yield ask("PUT", order, {})
    other = f"{ORDERS}/{ask('POST', ORDERS, {'event': SHOW, 'tickets': [seat(9)]}).json['id']}"
    yield ask("DELETE", other)
    yield ask("PATCH", other, {"status": "in_progress"})
    yield ask("GET", f"{ORDERS}?page_size=0")
    yield ask("GET", f"{ORDERS}?cursor=nonsense")
    yield ask("GET", f"{ORDERS}?fields-schema=nothing")
    yield ask("GET", ORDERS, headers={"X-Wait-For-Position": "soon"})
    yield ask("GET", "/v1/nothing")
    yield ask("GET", "/v1/nothing", key=None)
    yield ask("GET", "/health/live", key=None)
    yield ask("POST", "/health/live", key=None)


def shown(answer):
    """All that a client sees, but for what is free: status, headers by name, body."""
    headers = sorted([name, _known(name, value)] for name, value in answer.headers)
    return [answer.status, headers, FREE.sub("…", answer.body.decode())]


def _known(name, value):
    """A header's value without what is free; methods are listed in any order."""
    if name == "Allow":
        return ", ".join(sorted(value.split(", ")))
    return FREE.sub("…", value)


def service_of(office):
    app = create_app(office.services)
    return RsgiService(app, office.services, Monitoring(office.services), Traffic())


def test_on_the_event_loop_the_answers_are_the_recorded_ones(office):
    with on_the_loop(service_of(office)) as send:
        assert [shown(each) for each in play(asker(send))] == RECORDED


def test_by_flask_alone_the_answers_are_the_recorded_ones(office):
    ask = asker(by_flask(create_app(office.services)))
    assert [shown(each) for each in play(ask)] == RECORDED


def test_calls_in_the_usual_form_do_not_trouble_flask(office):
    service = service_of(office)
    del service._flask
    pay = {"payment": {"system": "api/BASE"}}
    with on_the_loop(service) as send:
        ask = asker(send)
        made = ask("POST", ORDERS, SEATS, headers={"Idempotency-Key": "1"})
        order = f"{ORDERS}/{made.json['id']}"
        assert ask("PATCH", order, pay, headers={"If-Match": '"1"'}).status == 200
        assert ask("PATCH", order, {"status": "in_progress"}).json["status"] == "in_progress"
        assert ask("GET", order).status == 200
        for path in LISTS:
            assert ask("GET", path).status == 200, path
        with pytest.raises(AttributeError):
            ask("GET", f"{order}/history")


@pytest.mark.parametrize("most", [0, 2000])
def test_the_loop_shows_at_once_what_is_vacant(office, monkeypatch, most):
    monkeypatch.setattr(vacancies, "MOST_ON_THE_LOOP", most)
    with on_the_loop(service_of(office)) as send:
        ask = asker(send)
        before = vacant_in(ask)
        ask("POST", ORDERS, SEATS)
        assert vacant_in(ask) == before - 2


def test_a_thread_shapes_a_costly_page_as_the_loop_shapes_others(office, monkeypatch):
    with on_the_loop(service_of(office)) as send:
        ask = asker(send)
        made = ask("POST", ORDERS, SEATS).json["id"]
        catch_up(office.services.store, "orders")
        bodies = []
        for most in (shaped_orders.MOST_ON_THE_LOOP, 0):
            monkeypatch.setattr(shaped_orders, "MOST_ON_THE_LOOP", most)
            bodies.append(ask("GET", f"{ORDERS}?fields-schema=id,tickets{{id}}").json)
    assert bodies[0] == bodies[1]
    assert bodies[0] == [{"id": made, "tickets": [{"id": each} for each in SEATS["tickets"]]}]


def vacant_in(ask):
    shows = ask("GET", "/v1/services/simple/events").json
    return next(each["tickets_amount_vacant"] for each in shows if each["id"] == SHOW)


def test_who_asks_while_the_store_is_away_is_answered_by_flask(office):
    store, cache = office.services.store, office.services.catalog
    cache.current()
    store.catalog_version, cache._refresh_seconds = away, 60.0
    calls = (("POST", ORDERS, SEATS), ("GET", f"{ORDERS}/{'0' * 24}", None))
    with on_the_loop(service_of(office)) as send:
        for method, path, body in calls:
            cache._look_again = 0.0
            assert asker(send)(method, path, body).status in {201, 404}


def away():
    raise StoreUnavailable("gone")
