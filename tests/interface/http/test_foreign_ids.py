"""Every route of events and partners that takes an id is asked with every foreign one.

The routes come from the application itself, so a new one is asked for here, too. The foreign ids
are those of everything that there is in a catalogue and of an order, but what the route is about.
"""

import re

import pytest
from http_seller import Seller

from application.catalog.keys import create_key
from interface.http.partners import PARTNERS
from interface.http.shows import SHOWS

PARAMETER = re.compile(r"<(\w+)>")
NOT_THERE = {"event": "unknown_event", "partner": "unknown_partner"}
"""By parameter, the code of what is not there."""
FILTERS = ("org", "venue")


def routes():
    return [call for calls in (SHOWS, PARTNERS) for call in calls.all if "<" in call.rule]


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


def test_every_route_with_an_id_is_known():
    named = {name for call in routes() for name in PARAMETER.findall(call.rule)}
    assert named == set(NOT_THERE)
    assert len(routes()) >= 4


def test_a_foreign_id_is_not_there_and_says_nothing(running, shop, stranger, venue, foreign):
    for call in routes():
        [name] = PARAMETER.findall(call.rule)
        for asks, may in ((shop, own(venue)[name]), (stranger, {venue.stranger})):
            for each in sorted(foreign - may):
                answer = asks.get(PARAMETER.sub(each, call.rule))
                assert (answer.status_code, answer.json["code"]) == (404, NOT_THERE[name]), (
                    call.rule,
                    each,
                )
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
