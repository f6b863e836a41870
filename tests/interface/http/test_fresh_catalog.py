"""POST /v1/sandbox/catalog: a catalogue to try something with, under fresh names."""

import json
from datetime import UTC, datetime

import pytest
from seller import KEYS, ORGANISER

from application.bootstrap import build
from application.catalog.loading import OwnPartners, load_catalog, load_sample, sample_catalog
from application.catalog.sandbox import load_sandbox
from application.settings import Settings
from interface.sandbox.secret import make_secret
from interface.server.flask_app import create_app

CATALOG = "/v1/sandbox/catalog"
HERE = "http://127.0.0.1:1"
PARTNER, SYSTEM, EVENT, SET, RULE = (f"{n:024x}" for n in range(0xA, 0xF))
KEY = "ab" * 16


def catalog(**more):
    ticket_set = {
        "id": SET,
        "name": "Stalls",
        "rules": [{"id": RULE, "nominal": "5.00"}],
        "tickets": {"count": 2},
    }
    event = {
        "id": EVENT,
        "org": PARTNER,
        "title": "Evening",
        "starts_at": "2090-01-01T19:00:00+00:00",
        "ends_at": "2090-01-01T22:00:00+00:00",
        "sets": [ticket_set],
    }
    system = {"id": SYSTEM, "alias": "api/OWN", "hold_minutes": 5, "confirmed_by": "vendor"}
    return {
        "partners": [{"id": PARTNER, "name": "Own", "language": "en", "keys": [KEY]}],
        "payment_systems": [system],
        "events": [event],
        **more,
    }


@pytest.fixture
def services(address):
    services = build(Settings(database=address, sample=True))
    make_secret()
    load_sandbox(services.store, services.clock(), services.key_secret, f"{HERE}/sandbox/pay")
    yield services
    services.close()


@pytest.fixture
def ask(services):
    client = create_app(services, sandbox=HERE).test_client()

    def send(method, path, body=None, key=KEYS[ORGANISER]):
        services.catalog._look_again = 0.0
        headers = {} if key is None else {"Authorization": f"key {key}"}
        return client.open(path, method=method, json=body, headers=headers)

    return send


def test_a_catalogue_is_loaded_again_and_again_beside_what_is_there(ask):
    first, second = (ask("POST", CATALOG, catalog()) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    names, others = first.json["names"], second.json["names"]
    assert names.keys() == {PARTNER, SYSTEM, EVENT, SET, RULE, KEY, "api/OWN"}
    assert not {*names.values()} & {*others.values(), *names}
    assert first.json["known_after_seconds"] == 1.0
    body = {
        "event": names[EVENT],
        "random": {names[SET]: 2},
        "payment": {"system": names["api/OWN"]},
        "status": "in_progress",
    }
    order = ask("POST", "/v1/resources/orders", body, key=names[KEY])
    assert order.status_code == 201, order.json
    assert order.headers["X-Partner"] == names[PARTNER]
    assert order.json["rules"] == {names[SET]: names[RULE]}
    assert order.json["payment"]["system"] == names[SYSTEM]
    assert ask("GET", "/v1/resources/orders").status_code == 200
    refused = ask("POST", "/v1/resources/orders", body, key=others[KEY])
    assert (refused.status_code, refused.json["code"]) == (403, "no_deal")


def test_ids_that_are_left_out_are_fresh_as_well(ask, services):
    document = catalog(payment_systems=[])
    del document["partners"][0]["id"], document["events"][0]["id"]
    document["events"][0]["org"] = "Own"
    before = services.catalog.current().shows.keys()
    assert [ask("POST", CATALOG, document).status_code for _ in range(2)] == [201, 201]
    services.catalog._look_again = 0.0
    assert len(services.catalog.current().shows.keys() - before) == 2


def test_the_sandbox_starts_again_with_them_and_not_with_real_partners(ask, services):
    assert ask("POST", CATALOG, catalog()).status_code == 201
    now = datetime.now(UTC)
    load_sample(services.store, now, services.key_secret)
    [entry] = sample_catalog().partners[:1]
    own = type(entry)(type(entry.partner)(id=PARTNER, name="Real", language="en"), ())
    file = type(sample_catalog())((own,), (), (), (), ())
    load_catalog(services.store, file, now, services.key_secret)
    with pytest.raises(OwnPartners, match=r"its own partners \(1\)"):
        load_sample(services.store, now, services.key_secret)


def with_event(**more):
    document = catalog()
    document["events"][0] |= more
    return document


def with_system(**more):
    document = catalog()
    document["payment_systems"][0] |= more
    return document


SECRET = {"scheme": "standard-webhooks", "secrets": ["file:/etc/passwd"]}


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({}, "/partners"),
        (catalog(partners=5), "/partners"),
        (catalog(partners=[]), "/partners"),
        (catalog(partners=[{"id": PARTNER, "keys": 5}]), "/partners/0/keys"),
        (catalog(partners=["one"]), "/partners/0"),
        (catalog(payment_systems="one"), "/payment_systems"),
        (catalog(shows=[]), "/shows"),
        (catalog(partners=catalog()["partners"] * 2), "/partners/1/id"),
        (with_event(org="f" * 24), "/events/0/org"),
        (with_event(title="x" * 201), "/events/0/title"),
        (with_event(sets=[]), "/events/0/sets"),
        (with_system(alias=7), "/payment_systems/0/alias"),
        (with_system(notifications=SECRET), "/payment_systems/0/notifications"),
    ],
)
def test_what_is_no_catalogue_is_refused_by_its_place(ask, services, document, where):
    before = services.store.catalog_version()
    refused = ask("POST", CATALOG, document)
    assert (refused.status_code, refused.json["code"]) == (400, "bad_body")
    assert where in [each["pointer"] for each in refused.json["errors"]]
    assert services.store.catalog_version() == before


@pytest.mark.parametrize(("tickets", "limit"), [(10_001, 1), (1, 10_000)])
def test_a_copy_has_not_too_many_tickets_and_uses(ask, tickets, limit):
    code = {"id": "c" * 24, "code": "PROMO", "percent": 10, "limit": limit}
    document = with_event(promocodes=[code])
    document["events"][0]["sets"][0]["tickets"] = {"count": tickets}
    refused = ask("POST", CATALOG, document)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (400, "/events")


def test_what_is_nested_too_deeply_is_refused(ask):
    document = catalog(partners=json.loads("[" * 600 + "]" * 600))
    assert ask("POST", CATALOG, document).status_code == 400


def test_it_takes_a_key_that_may_write(ask, services):
    assert ask("POST", CATALOG, catalog(), key=None).status_code == 401
    assert ask("POST", CATALOG, catalog(), key="0" * 32).status_code == 401
    assert ask("GET", CATALOG).status_code == 405
    assert ask("POST", f"{CATALOG}?x=1", catalog()).json["code"] == "bad_query"


def test_without_the_sandbox_there_is_no_such_call(services):
    client = create_app(services).test_client()
    headers = {"Authorization": f"key {KEYS[ORGANISER]}"}
    assert client.post(CATALOG, json=catalog(), headers=headers).status_code == 404
