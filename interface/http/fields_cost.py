"""What a `fields-schema` multiplies out to: orders, their tickets, and the fields of each.

The dearest list that is allowed takes about as long as a full page of usual orders with all that
can be expanded. A single order is always allowed: it has 1000 tickets at most.
"""

from collections.abc import Sequence

from domain.order import Order
from interface.http.errors import BadRequest
from interface.http.fields_schema import Tree

MOST_COST = 60_000
OF_A_TICKET = 10
"""What it costs to read a ticket, where a field of it costs 1 (measured: 14 and 1.3 us)."""


def refuse_costly(tree: Tree, orders: Sequence[Order]) -> None:
    """Refuse to expand a page of orders that costs too much. Raises `BadRequest`."""
    costs = [_cost(tree, order) for order in orders]
    if sum(costs) <= MOST_COST:
        return
    detail = (
        f"fields-schema costs {sum(costs)} for these {len(costs)} orders, and the limit is"
        f" {MOST_COST}: ask for a page_size of at most {MOST_COST // max(costs)}, or leave out the"
        " braces after tickets."
    )
    raise BadRequest("fields_schema_too_costly", detail, errors={"/fields-schema": detail})


def _cost(tree: Tree, order: Order) -> int:
    """1 for each field, and for each expanded ticket that of reading it and of its fields."""
    of_tickets = tree.get("tickets")
    if of_tickets is None:
        return _names(tree)
    return _names({**tree, "tickets": None}) + len(order.tickets) * (
        OF_A_TICKET + _names(of_tickets)
    )


def _names(tree: Tree) -> int:
    return sum(1 if inside is None else 1 + _names(inside) for inside in tree.values())
