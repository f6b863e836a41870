"""How long a new order is held is said by its event, or is ten minutes."""

import copy
from datetime import timedelta

import msgspec
import pytest
import yaml
from seller import asks, at_random
from test_catalog_loading import EVENING, FILE, FLOOR, PAY, THEATRE

from application.catalog.entries import BadCatalog
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog


def held(**more):
    document = copy.deepcopy(FILE)
    document["events"][0] |= more
    return read_catalog_file(yaml.safe_dump(document))


def hold_of(services, order):
    found = services.history.order(order.id).order
    return found.reserved_till - found.created_at


def load(services, **more):
    load_catalog(services.store, held(**more), services.clock())
    services.catalog._look_again = 0.0


def create(services):
    return services.orders.create(EVENING, at_random({FLOOR: 1}), asks(THEATRE)).order


def test_an_order_is_held_as_long_as_its_event_says_and_keeps_that(services):
    load(services)
    usual = create(services)
    load(services, hold_minutes=3)
    short = create(services)
    load(services, hold_minutes=43_200)
    longest = create(services)
    held = [hold_of(services, each) for each in (usual, short, longest)]
    assert held == [timedelta(minutes=minutes) for minutes in (10, 3, 43_200)]
    services.orders.change(short.id, PAY, asks(THEATRE))
    assert hold_of(services, short) == timedelta(minutes=30)


def test_an_event_that_says_nothing_is_stored_as_by_earlier_versions():
    show = held().events[0].show
    assert show.hold_minutes == 10
    assert b"hold_minutes" not in msgspec.json.encode(show)


@pytest.mark.parametrize("minutes", [0, -1, 43_201, 1.5, True, "10", None, []])
def test_a_bad_hold_is_refused(minutes):
    with pytest.raises(BadCatalog) as refused:
        held(hold_minutes=minutes)
    assert set(refused.value.errors) == {"events[0].hold_minutes"}
