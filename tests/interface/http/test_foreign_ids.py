"""Every route that takes an id is asked with every foreign one.

The routes come from the application itself, so a new one is asked for here, too. The foreign ids
are those of everything that there is in a catalogue and of an order, but what the route is about.
"""

import re

import pytest
from http_seller import Seller

from application.catalog.keys import create_key
from application.catalog.scopes import WEBHOOKS
from interface.http.order_audit import ORDER_AUDIT
from interface.http.orders import ORDERS
from interface.http.partners import PARTNERS
from interface.http.payments import PAYMENTS
from interface.http.refunds import REFUNDS
from interface.http.shows import SHOWS
from interface.http.webhooks import WEBHOOK_CALLS

PARAMETER = re.compile(r"<(?:order_id:)?(\w+)>")
NOT_THERE = {
    "event": "unknown_event",
    "partner": "unknown_partner",
    "order": "unknown_order",
    "refund": "unknown_refund",
    "webhook": "unknown_webhook",
}
"""By parameter, the code of what is not there."""
FILTERS = ("org", "venue")
BODIES = {
    ("PATCH", "refund"): {"status": "approved"},
    ("PATCH", "order"): {"status": "canceled", "promocodes": [], "vendor_data": {"order_id": "7"}},
    ("POST", "order"): {"resolution": "refund"},
    ("PATCH", "webhook"): {"state": "paused"},
    ("POST", "webhook"): {"after": 0},
}
"""By method and parameter, what is sent."""
OTHER_BODIES = {"/secret": {}}
"""By the end of a rule, what is sent there."""
QUERIES = {"/diff": "?from=1&to=2"}
"""By the end of a rule, what it needs to be asked with."""


def routes():
    """By parameter, the routes that take it."""
    every = (SHOWS, PARTNERS, ORDERS, ORDER_AUDIT, REFUNDS, PAYMENTS, WEBHOOK_CALLS)
    found = {}
    for call in (call for calls in every for call in calls.all if "<" in call.rule):
        [name] = PARAMETER.findall(call.rule)
        found.setdefault(name, []).append(call)
    return found


def own(venue):
    """By parameter, the ids that the shop may name."""
    return {"event": {venue.evening, venue.matinee}, "partner": {venue.org, venue.shop}}


@pytest.fixture
def foreign(services, seller, venue):
    """Ids of every kind that there are here, and some that are none."""
    order = seller.order(tickets=venue.a[:1])
    services.catalog._look_again = 0.0
    catalog = services.catalog.current()
    shows = [catalog.shows[each] for each in (venue.evening, venue.matinee)]
    sets = [each for show in shows for each in show.sets]
    return {
        venue.org,
        venue.shop,
        venue.stranger,
        venue.deal,
        venue.evening,
        venue.matinee,
        order["id"],
        *venue.a,
        *(each.id for each in sets),
        *(rule.id for each in sets for rule in each.rules),
        *(system.id for system in catalog.systems.values()),
        "0" * 24,
        "f" * 25,
        "nonsense",
    }


def test_every_route_with_an_id_is_known(running):
    """But those of gateways, which are named by their aliases and have no key."""
    rules = {each.rule for each in running.app.url_map.iter_rules() if each.arguments}
    ours = {each for each in rules if each.startswith(("/v1/resources/", "/v1/services/"))}
    assert ours == {call.rule for calls in routes().values() for call in calls}
    assert routes().keys() == NOT_THERE.keys()


@pytest.mark.parametrize("name", NOT_THERE)
def test_a_foreign_id_is_not_there_and_says_nothing(
    running, services, shop, stranger, venue, foreign, unchanged, name
):
    made = create_key(services.store, venue.stranger, services.clock(), (WEBHOOKS,))
    services.catalog._look_again = 0.0
    stranger = Seller(running.app, made.text, venue.evening) if name == "webhook" else stranger
    askers = [(stranger, {venue.stranger})]
    if name in own(venue):
        askers.append((shop, own(venue)[name]))
    for call in routes()[name]:
        query = next((each for end, each in QUERIES.items() if call.rule.endswith(end)), "")
        usual = BODIES.get((call.method, name))
        body = OTHER_BODIES.get(call.rule[call.rule.rfind("/") :], usual)
        for asks, may in askers:
            for each in sorted(foreign - may):
                where = PARAMETER.sub(each, call.rule) + query
                with unchanged():
                    answer = asks.ask(call.method, where, json=body)
                assert (answer.status_code, answer.json["code"]) == (404, NOT_THERE[name]), where
                assert answer.json["detail"].endswith(f"{each}.")


def test_a_foreign_id_in_a_filter_finds_nothing(shop, stranger, venue, foreign):
    for name in FILTERS:
        for each in sorted(foreign - {venue.org, "f" * 25, "nonsense"}):
            assert shop.get(f"/v1/services/simple/events?{name}={each}").json == []
    assert stranger.get(f"/v1/services/simple/events?org={venue.org}").json == []


def test_an_auditor_reads_no_more_of_partners(running, services, venue):
    made = create_key(services.store, venue.stranger, services.clock(), ("audit",))
    services.catalog._look_again = 0.0
    auditor = Seller(running.app, made.text, venue.evening)
    assert auditor.get(f"/v1/resources/partners/{venue.org}").status_code == 404
    assert auditor.get(f"/v1/services/simple/events/{venue.evening}").status_code == 404
    assert auditor.get("/v1/resources/deals").json == []
