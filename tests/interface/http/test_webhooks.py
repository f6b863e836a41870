"""Webhooks over HTTP: a partner keeps its own, and a receiver gets what was asked for."""

from datetime import UTC, datetime

import pytest
from http_seller import Seller
from receiver import receiver_thread
from standardwebhooks import Webhook as Verifier

from application.catalog.keys import create_key
from application.catalog.scopes import AUDIT, WEBHOOKS
from application.webhooks import service

PATH = "/v1/resources/webhooks"
NEW = {"address": "https://shop.example/news"}


@pytest.fixture
def owner(running, services, venue):
    return with_key(running, services, venue.org, venue, WEBHOOKS)


def with_key(running, services, partner, venue, *scopes):
    made = create_key(services.store, partner, services.clock(), scopes)
    services.catalog._look_again = 0.0
    return Seller(running.app, made.text, venue.evening)


def add(owner, **more):
    answer = owner.ask("POST", PATH, json=NEW | more)
    assert answer.status_code == 201, answer.json
    return answer.json


def test_the_secret_is_shown_once(owner):
    made = add(owner)
    for document in (owner.get(f"{PATH}/{made['id']}").json, *owner.get(PATH).json):
        assert "secret" not in document
        assert made["secret"] not in str(document)


def test_a_request_that_is_repeated_gives_the_same_webhook_and_secret(owner):
    headers = {"Idempotency-Key": "one"}
    first, second = (owner.ask("POST", PATH, json=NEW, headers=headers).json for _ in range(2))
    assert first == second
    owner.ask("POST", f"{PATH}/{first['id']}/secret", json={})
    again = owner.ask("POST", PATH, json=NEW, headers=headers).json
    assert (again["secret"], again["live_secrets"]) == (first["secret"], 2)


def test_an_auditor_reads_all_and_changes_nothing(running, services, venue, owner):
    made = add(owner)
    auditor = with_key(running, services, venue.shop, venue, AUDIT)
    assert made["id"] in [each["id"] for each in auditor.get(PATH).json]
    path = f"{PATH}/{made['id']}"
    assert auditor.get(path).json["id"] == made["id"]
    for method, end in (("PATCH", ""), ("DELETE", ""), ("POST", "/secret"), ("POST", "/ping")):
        assert auditor.ask(method, path + end, json={}).status_code == 403


def test_types_and_events_are_kept_in_one_form(owner, venue):
    names = ["StatusChanged", "orderlog.order.StatusChanged"]
    made = add(owner, types=names, events=[venue.evening.upper(), venue.evening])
    assert made["types"] == ["orderlog.order.StatusChanged"]
    assert made["events"] == [venue.evening]
    answer = owner.ask("POST", PATH, json=NEW | {"types": ["Blessed"]})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (400, "/types/0")


def test_an_etag_guards_each_change(owner):
    made = add(owner)
    path = f"{PATH}/{made['id']}"
    seen = {"If-Match": owner.get(path).headers["ETag"]}
    assert owner.ask("PATCH", path, json={"state": "paused"}, headers=seen).json["version"] == 2
    for method, end, body in (
        ("PATCH", "", {"state": "active"}),
        ("POST", "/secret", {}),
        ("POST", "/deliveries", {"after": 0}),
        ("DELETE", "", None),
    ):
        answer = owner.ask(method, path + end, json=body, headers=seen)
        assert (answer.status_code, answer.json["code"]) == (412, "version_mismatch")
    assert owner.get(path).json["state"] == "paused"
    assert owner.ask("DELETE", path).status_code == 200
    assert owner.get(path).status_code == 404


def test_a_partner_has_only_so_many(owner, monkeypatch):
    monkeypatch.setattr(service, "MOST_WEBHOOKS", len(owner.get(PATH).json) + 1)
    add(owner)
    answer = owner.ask("POST", PATH, json=NEW)
    assert (answer.status_code, answer.json["code"]) == (400, "too_many_webhooks")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"after": 0, "positions": [1]},
        {"positions": []},
        {"positions": [0]},
        {"made_at": "yesterday,"},
    ],
)
def test_what_to_send_again_is_said_in_one_way(owner, body):
    answer = owner.ask("POST", f"{PATH}/{add(owner)['id']}/deliveries", json=body)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_body")


def test_all_of_a_time_is_sent_again(owner, seller):
    made = add(owner)
    seller.order()
    answer = owner.ask("POST", f"{PATH}/{made['id']}/deliveries", json={"made_at": ","})
    assert answer.status_code == 202
    assert answer.json["requests"] >= 1


def test_a_ping_is_signed_and_in_the_log(owner):
    with receiver_thread() as receiver:
        made = add(owner, address=receiver.address())
        outcome = owner.ask("POST", f"{PATH}/{made['id']}/ping").json
        (received,) = receiver.received
    assert (outcome["confirmed"], outcome["status"], outcome["head"]) == (True, 200, "ok")
    sent = datetime.fromtimestamp(int(received.headers["webhook-timestamp"]), UTC)
    signature = Verifier(made["secret"]).sign(
        received.headers["webhook-id"], sent, received.body.decode()
    )
    assert received.headers["webhook-signature"] == signature
    (logged,) = owner.get(f"{PATH}/{made['id']}/deliveries").json
    assert (logged["position"], logged["status"], logged["reason"]) == (0, 200, "")
    assert owner.get(f"{PATH}/{made['id']}").json["last_delivery"] == logged
