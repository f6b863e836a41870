"""What a list with `fields-schema` may cost."""

import re
from urllib.parse import quote

import pytest
from http_seller import ORDERS, pointers, refused, the
from large_show import LargeShow

from interface.http import fields_cost
from interface.http.fields_schema import KNOWN, parse

TICKETS = "tickets{id,serial,number,set,barcode,seat{sector,row,number}}"


def written(tree):
    """A schema that names all of a tree."""
    return ",".join(
        name if inside is None else f"{name}{{{written(inside)}}}" for name, inside in tree.items()
    )


def listing(schema, page_size):
    return f"{ORDERS}?page_size={page_size}&fields-schema={quote(schema)}"


@pytest.fixture(scope="module")
def organiser(opened):
    """Has four orders of as many tickets as an order can have."""
    opened.clock.set()
    show = LargeShow(4)
    organiser = show.open(opened)
    organiser.made = [organiser.order(tickets=show.share(each))["id"] for each in range(4)]
    opened.catch_up()
    return organiser


@pytest.mark.parametrize("schema", [TICKETS, written(KNOWN)])
def test_a_page_that_costs_too_much_is_refused_with_the_size_that_does_not(organiser, schema):
    answer = organiser.get(listing(schema, 4))
    problem = refused(answer, 400, "fields_schema_too_costly")
    assert pointers(answer) == ["/fields-schema"]
    cost, limit, page_size = map(
        int,
        re.search(
            r"costs (\d+) for these 4 orders, and the limit is (\d+): ask for a page_size of"
            r" at most (\d+), or",
            problem["detail"],
        ).groups(),
    )
    assert cost > limit
    assert len(organiser.get(listing(schema, page_size)).json) == page_size == 3
    refused(organiser.get(listing(schema, page_size + 1)), 400, "fields_schema_too_costly")


def test_a_page_as_it_was_costs_the_same(organiser, opened):
    at = "&at=" + quote(opened.clock().isoformat())
    refused(organiser.get(listing(TICKETS, 4) + at), 400, "fields_schema_too_costly")


def test_ids_that_are_not_expanded_cost_little(organiser):
    assert len(organiser.get(listing("id,tickets,event{title{text}}", 4)).json) == 4


def test_a_single_order_is_never_too_costly(organiser):
    schema = "?fields-schema=" + quote(written(KNOWN))
    assert len(organiser.get(the(organiser.made[0]) + schema).json["tickets"]) == 1000
    assert len(organiser.get(listing(written(KNOWN), 1)).json[0]["tickets"]) == 1000


USUAL = 50
"""As many tickets as an order of a deal has at most, if nothing else is said."""


def test_a_usual_page_of_usual_orders_may_be_expanded_in_full():
    assert fields_cost.cost_of(parse(written(KNOWN)), [USUAL] * 50) <= fields_cost.MOST_COST
