"""Every route of the application, with every scope, and with every key that opens nothing.

The routes come from the application itself: a new one is asked for here before it is anywhere else.
"""

from datetime import timedelta

import pytest
from seller import KEYS, ORGANISER, PARTERRE, SHOP, SHOW, seat

from application.catalog.endings import end_deal, suspend_partner
from application.catalog.keys import create_key, revoke_key, rotate_key
from application.catalog.scopes import OF_A_SELLER, SCOPES
from interface.http.flask_adapter import OF_PEOPLE, OPEN, WATCHED
from interface.server.flask_app import create_app

READS = {"orders:read", "audit"}
LISTS = {"events:read", "audit"}
WRITES = {"orders:write"}
PAYS = {"payments:write"}
HOOKS = {"webhooks"}
NEEDED = {
    "orders.create_order": WRITES,
    "orders.change_order": WRITES | {"payments:write"},
    "orders.cancel_order": WRITES,
    "orders.list_orders": READS,
    "orders.read_order": READS,
    "orders.list_order_tickets": READS,
    "orders.read_history": READS,
    "order_audit.read_diff": READS,
    "order_audit.explain": READS,
    "shows.list_events": LISTS,
    "shows.read_event": LISTS,
    "shows.list_tickets": LISTS,
    "shows.read_sales": LISTS,
    "partners.read_partner": LISTS,
    "partners.list_deals": LISTS,
    "feed.read_feed": READS,
    "feed.stream_feed": READS,
    "feed.make_feed_ticket": READS,
    "webhooks.add_webhook": HOOKS,
    "webhooks.list_webhooks": HOOKS | {"audit"},
    "webhooks.read_webhook": HOOKS | {"audit"},
    "webhooks.change_webhook": HOOKS,
    "webhooks.remove_webhook": HOOKS,
    "webhooks.rotate_webhook_secret": HOOKS,
    "webhooks.send_events_again": HOOKS,
    "webhooks.list_deliveries": HOOKS | {"audit"},
    "webhooks.ping_webhook": HOOKS,
    "partners.whoami": set(SCOPES),
    "payments.list_payments": READS,
    "payments.read_order_payments": READS,
    "payments.resolve_payments": PAYS,
    "refunds.request_refund": PAYS,
    "refunds.change_refund": PAYS,
    "refunds.list_refunds": READS,
    "refunds.read_refund": READS,
}
"""The scopes each of which is enough to be let in, for each endpoint that needs a key."""


@pytest.fixture
def client(office):
    return create_app(office.services).test_client()


def routes(client):
    """All that can be asked for with a key: endpoint, method and rule.

    Who may read the metrics depends on where from as well: `journey/test_who_reads_metrics.py`.
    """
    for rule in client.application.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        if blueprint not in OF_PEOPLE and rule.endpoint not in OPEN | {WATCHED}:
            for method in sorted(rule.methods - {"OPTIONS"}):
                yield rule.endpoint, method, rule.rule


def paths(client, order):
    """The same, with the path of an order or an event that is there."""
    for endpoint, method, rule in routes(client):
        path = rule.replace("<order_id:order>", order).replace("<event>", SHOW)
        path = path.replace("<partner>", ORGANISER)
        path = path.replace("<order_id:refund>", order)  # an id of no refund
        path = path.replace("<order_id:webhook>", order)  # nor of a webhook
        assert "<" not in path, f"the test does not know how to ask for {rule}"
        yield endpoint, method, path


def test_every_route_is_known_here(client):
    assert {endpoint for endpoint, _, _ in routes(client)} == set(NEEDED)


def ask(office, client, method, path, key):
    office.services.catalog._look_again = 0.0
    headers = {} if key is None else {"Authorization": f"key {key}"}
    json = {} if method in {"POST", "PATCH"} else None
    return client.open(path, method=method, json=json, headers=headers)


def test_every_scope_opens_what_it_is_for_and_nothing_else(office, client):
    order = office.order()
    keys = {
        scope: create_key(office.services.store, ORGANISER, office.time, (scope,)).text
        for scope in SCOPES
    }
    for endpoint, method, path in paths(client, order):
        # The order goes with the last of them, and is asked for no more.
        for scope in sorted(SCOPES, key=lambda each: each in NEEDED[endpoint]):
            answer = ask(office, client, method, path, keys[scope])
            let_in = answer.status_code != 403
            assert let_in == (scope in NEEDED[endpoint]), (method, path, scope, answer.text)
            assert answer.status_code not in {401, 500}
            if not let_in and method != "HEAD":
                assert answer.json["code"] == "missing_scope"


def never(_):
    return None


def misspelt(office):
    text = create_key(office.services.store, ORGANISER, office.time, OF_A_SELLER).text
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def expired(office):
    ends = office.time + timedelta(hours=1)
    made = create_key(office.services.store, ORGANISER, office.time, OF_A_SELLER, expires_at=ends)
    office.later(hours=1)
    return made.text


def revoked(office):
    made = create_key(office.services.store, ORGANISER, office.time, OF_A_SELLER)
    revoke_key(office.services.store, made.key.id, office.time)
    return made.text


def rotated(office):
    made = create_key(office.services.store, ORGANISER, office.time, OF_A_SELLER)
    rotate_key(office.services.store, made.key.id, office.time, timedelta(minutes=5))
    office.later(minutes=5)
    return made.text


@pytest.mark.parametrize("bad", [never, misspelt, expired, revoked, rotated])
def test_a_key_that_opens_nothing_opens_no_route(office, client, bad):
    order, key = office.order(), bad(office)
    for _, method, path in paths(client, order):
        answer = ask(office, client, method, path, key)
        assert answer.status_code == 401, (method, path, answer.text)
        assert answer.headers["WWW-Authenticate"] == "key"
        assert "X-Partner" not in answer.headers


def of_the_shop(office):
    return next(
        each for each in office.services.catalog.current().deals.values() if each.vendor == SHOP
    )


def ended(office):
    end_deal(office.services.store, of_the_shop(office).id, office.time)


def suspended(office):
    suspend_partner(office.services.store, SHOP, office.time)


ORDERS = "/v1/resources/orders"
MORE = ({"random": {PARTERRE: 2}}, {"tickets": [seat(9)]}, {"tickets": [seat(1), seat(9)]})


@pytest.mark.parametrize(
    ("closes", "code"), [(ended, "deal_ended"), (suspended, "partner_suspended")]
)
def test_a_closed_sale_takes_nothing_new_on_any_writing_route(office, client, closes, code):
    begun, empty, given_up = (
        office.order(seats=[seat(1)], partner=SHOP),
        office.order(0, partner=SHOP),
        office.order(seats=[seat(2)], partner=SHOP),
    )
    closes(office)
    office.services.catalog._look_again = 0.0
    headers = {"Authorization": f"key {KEYS[SHOP]}"}

    def send(method, order, body=None):
        path = ORDERS if order is None else f"{ORDERS}/{order}"
        environ = {"REMOTE_ADDR": "127.0.0.1"}
        return client.open(
            path, method=method, json=body, headers=headers, environ_overrides=environ
        )

    for body in ({}, {"random": {PARTERRE: 1}}, {"tickets": [seat(9)]}):
        assert send("POST", None, {"event": SHOW, **body}).json["code"] == code
    for order in (begun, empty):
        for body in MORE:
            for more in ({}, {"customer": {"lang": "en"}}, {"payment": {"system": "api/BASE"}}):
                assert send("PATCH", order, body | more).json["code"] == code, body
    assert send("PATCH", begun, {"tickets": [seat(1)]}).status_code == 200
    assert send("DELETE", given_up).status_code == 200
    for body in (
        {"customer": {"lang": "en"}},
        {"payment": {"system": "api/BASE"}},
        {"status": "in_progress"},
        {"status": "done"},
    ):
        assert send("PATCH", begun, body).status_code == 200
