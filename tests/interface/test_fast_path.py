"""The fast path answers as Flask does, and leaves to Flask what it does not know."""

import re
from contextlib import contextmanager

import pytest
from box_office import KEYS, ORGANISER, PARTERRE, SHOP, SHOW, box_office, seat

from application.ports.store import StoreUnavailable
from interface.http.fast_path import FastPath
from interface.server.flask_app import create_app

ORDERS = "/v1/resources/orders"
FREE = re.compile(r"[0-9a-f]{40}|[0-9a-f]{24}|[0-9a-f]{16}")
"""Tokens, ids and request ids: they differ from run to run."""

RANDOM = {"event": SHOW, "random": {PARTERRE: 1}}
STRANGER = next(key for partner, key in KEYS.items() if partner not in (ORGANISER, SHOP))


@contextmanager
def asking(folder, *, fast):
    """Asks a service of its own, over the fast path or by Flask alone."""
    with box_office(f"sqlite:///{folder}/{fast}.db") as office:
        app = create_app(office.services)
        assert isinstance(app.wsgi_app, FastPath)
        if not fast:
            app.wsgi_app = app.wsgi_app.flask
        client = app.test_client()

        def ask(method, path, body=None, key=KEYS[ORGANISER], **headers):
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            if key is not None:
                headers["Authorization"] = f"key {key}"
            return client.open(path, method=method, json=body, headers=headers)

        ask.app, ask.services = app, office.services
        yield ask


def told(answer):
    """All that a client sees, but for what is free."""
    headers = sorted((name, FREE.sub("…", value)) for name, value in answer.headers.items())
    return [answer.status, headers, FREE.sub("…", answer.get_data(as_text=True))]


def play(ask):
    """An on-sale's calls, good ones and bad ones, in their usual and in unusual forms."""
    made = ask("POST", ORDERS, RANDOM, X_Request_Id="mine", Idempotency_Key="one")
    order = f"{ORDERS}/{made.json['id']}"
    free = [seat(number) for number in range(1, 6) if seat(number) not in made.json["tickets"]]
    yield made
    yield ask("POST", ORDERS, RANDOM, X_Request_Id="again", Idempotency_Key="one")
    yield ask("POST", ORDERS, {**RANDOM, "random": {PARTERRE: 2}}, Idempotency_Key="one")
    yield ask("POST", ORDERS, RANDOM, Idempotency_Key="ключ".encode().decode("latin1"))
    yield ask("POST", ORDERS, RANDOM, key=None)
    yield ask("POST", ORDERS, RANDOM, key="f" * 32)
    yield ask("POST", ORDERS, RANDOM, key=STRANGER)
    yield ask("POST", ORDERS, {"event": "0" * 24, "random": {PARTERRE: 1}})
    yield ask("POST", ORDERS, {"event": SHOW, "random": {"0" * 24: 1}})
    yield ask("POST", ORDERS, {"event": SHOW, "random": {PARTERRE: 0}})
    yield ask("POST", ORDERS, {"event": SHOW, "tickets": [free[2], free[0]]})
    yield ask("POST", ORDERS, {"event": SHOW, "tickets": [free[1], free[0]]})
    yield ask("POST", ORDERS, {"event": SHOW, "tickets": [free[3], free[3]]})
    yield ask("POST", ORDERS, {"event": SHOW, "tickets": ["0" * 24]})
    yield ask("POST", ORDERS, {"event": SHOW, "tickets": []})
    yield ask("POST", ORDERS, {"event": SHOW})
    yield ask("POST", ORDERS, [])
    yield ask("GET", order)
    yield ask("HEAD", order)
    yield ask("GET", order, key=KEYS[SHOP])
    yield ask("GET", f"{ORDERS}/{'0' * 24}")
    yield ask("GET", order.upper())
    yield ask("GET", f"{order}?version=1")
    yield ask("GET", f"{order}/")
    yield ask("PATCH", order, {"status": "in_progress"})
    yield ask("PATCH", order, {"payment": {"system": "nobody"}})
    yield ask("PATCH", order, {"payment": {"system": "api/BASE"}}, If_Match='"7"')
    yield ask("PATCH", order, {"payment": {"system": "api/BASE"}}, Idempotency_Key="two")
    yield ask("PATCH", order, {"status": "in_progress"}, key=KEYS[SHOP])
    yield ask("PATCH", order, {"status": "in_progress"})
    yield ask("PATCH", order, {"status": "in_progress"})
    yield ask("PATCH", order, {"status": "expired"})
    yield ask("PATCH", order, {"status": "paid"})
    yield ask("PATCH", order, {})
    yield ask("DELETE", order)
    yield ask("PUT", order, {})


def test_both_ways_answer_alike(tmp_path):
    with asking(tmp_path, fast=True) as ask:
        fast = [told(answer) for answer in play(ask)]
    with asking(tmp_path, fast=False) as ask:
        assert fast == [told(answer) for answer in play(ask)]


def test_what_is_asked_in_the_usual_form_does_not_trouble_flask(tmp_path):
    with asking(tmp_path, fast=True) as ask:
        del ask.app.wsgi_app.flask
        order = f"{ORDERS}/{ask('POST', ORDERS, RANDOM, Idempotency_Key='one').json['id']}"
        assert ask("PATCH", order, {"payment": {"system": "api/BASE"}}).status_code == 200
        assert ask("PATCH", order, {"status": "in_progress"}).json["status"] == "in_progress"
        assert ask("GET", order).status_code == 200
        with pytest.raises(AttributeError):
            ask("GET", f"{order}/history")


def test_who_asks_while_the_store_is_away_is_answered_by_flask(tmp_path):
    with asking(tmp_path, fast=True) as ask:
        store, catalog_cache = ask.services.store, ask.services.catalog
        catalog_cache.current()
        store.catalog_version, catalog_cache._refresh_seconds = away, 60.0
        for method, path, body in (("POST", ORDERS, RANDOM), ("GET", f"{ORDERS}/{'0' * 24}", None)):
            catalog_cache._look_again = 0.0
            assert ask(method, path, body).status_code in {201, 404}


def away():
    raise StoreUnavailable("gone")
