"""Orders with the fields that fields-schema names: a single one, or a page of a list."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, TypedDict, cast

import msgspec

from application.bootstrap import Services
from application.catalog.access import Caller
from application.catalog.availability import OrderTickets
from application.catalog.scopes import BARCODES_READ
from application.documents.json_list import JsonPage, page_of
from application.documents.order_types import OrderDocument
from application.orders.queries import OrderPage
from application.runtime.greenlet_bridge import off_the_loop
from domain.order import Order
from interface.http import paging
from interface.http.answers import Shape
from interface.http.exchange import Incoming
from interface.http.fields_cost import MOST_ON_THE_LOOP, cost_of
from interface.http.fields_schema import MOST_KEPT, Tree, parse_of_order, shaped
from interface.http.paging import in_json

Decode = Callable[[bytes], OrderDocument]


def tree_in(text: str | None) -> Tree | None:
    """The fields that fields-schema names, if it is given. Raises `BadRequest`."""
    return None if text is None else parse_of_order(text)


def shape_of(incoming: Incoming, services: Services, tree: Tree | None) -> Shape | None:
    """How to shape an answer about an order, if there are fields to choose."""
    if tree is None:
        return None
    named = _expands_tickets(tree)

    def shape(document: OrderDocument, order: Order) -> Any:
        tickets = tickets_of([order] if named else [], incoming.caller, services)
        return shaped(document, tree, lambda: order, tickets)

    return shape


def shaped_page(page: OrderPage, caller: Caller, services: Services, tree: Tree | None) -> JsonPage:
    """A page with as many of the orders as have room; made in a thread if they cost much.

    Raises `BadRequest` if they cost too much.
    """
    if tree is None:
        return page_of(page.answers, paging.MOST_BYTES, page.cursor_behind)
    orders = page.orders if _expands_tickets(tree) else []
    counts = [len(each.tickets) for each in orders] or [0] * len(page.answers)
    order = orders.__getitem__ if orders else page.order
    decode = _decoder_of(tuple((name, inside is None) for name, inside in tree.items()))

    def shown() -> JsonPage:
        tickets = tickets_of(orders, caller, services)
        entries = in_json(
            shaped(decode(answer), tree, partial(order, place), tickets)
            for place, answer in enumerate(page.answers)
        )
        return page_of(entries, paging.MOST_BYTES, page.cursor_behind)

    costly = cost_of(tree, counts) > MOST_ON_THE_LOOP
    return off_the_loop(shown) if costly else shown()


def tickets_of(orders: Sequence[Order], caller: Caller, services: Services) -> OrderTickets:
    """The tickets of orders; with barcodes if the caller may read those."""
    return services.shows.tickets_of(orders, barcodes=caller.may(BARCODES_READ))


@lru_cache(MOST_KEPT)
def _decoder_of(fields: tuple[tuple[str, bool], ...]) -> Decode:
    """Decodes only these fields of an order's document; those that are taken whole stay bytes."""
    kinds = {name: msgspec.Raw if whole else Any for name, whole in fields}
    wanted: Any = TypedDict("wanted", kinds, total=False)  # type: ignore[misc] # made at run time
    return cast("Decode", msgspec.json.Decoder(wanted).decode)


def _expands_tickets(tree: Tree) -> bool:
    return tree.get("tickets") is not None
