"""What a `fields-schema` multiplies out to: orders, their tickets, and the fields of each.

The dearest list that is allowed takes about as long as a full page of usual orders with all that
can be expanded. A single order is always allowed: it has 1000 tickets at most.
"""

from collections.abc import Sequence

from interface.http.errors import BadRequest
from interface.http.fields_schema import Tree

MOST_COST = 60_000
MOST_ON_THE_LOOP = 2_000
"""A page that costs more is made in a thread, since it takes milliseconds."""
OF_A_TICKET = 10
"""What it costs to read a ticket, where a field of it costs 1 (measured: 14 and 1.3 us)."""


def cost_of(tree: Tree, tickets: Sequence[int]) -> int:
    """What it costs to expand orders that have so many tickets. Raises `BadRequest`."""
    of_order, of_ticket = _costs(tree)
    costs = [of_order + count * of_ticket for count in tickets]
    if sum(costs) <= MOST_COST:
        return sum(costs)
    detail = (
        f"fields-schema costs {sum(costs)} for these {len(costs)} orders, and the limit is"
        f" {MOST_COST}: ask for a page_size of at most {MOST_COST // max(costs)}, or leave out the"
        " braces after tickets."
    )
    raise BadRequest("fields_schema_too_costly", detail, errors={"/fields-schema": detail})


def _costs(tree: Tree) -> tuple[int, int]:
    """Of an order 1 for each field; of an expanded ticket that of reading it and of its fields."""
    of_tickets = tree.get("tickets")
    if of_tickets is None:
        return _names(tree), 0
    return _names({**tree, "tickets": None}), OF_A_TICKET + _names(of_tickets)


def _names(tree: Tree) -> int:
    return sum(1 if inside is None else 1 + _names(inside) for inside in tree.values())
