"""The order that a path names."""

from domain.refusals import UnknownOrder
from interface.http.exchange import Incoming
from interface.http.input_fields import OBJECT_ID


def known_order(incoming: Incoming) -> str:
    """The order that the path names. Raises `UnknownOrder` if it is no id."""
    return known_id(incoming.arguments["order"])


def known_id(order: str) -> str:
    """The order's id. Raises `UnknownOrder` if it is no id."""
    if not OBJECT_ID.match(order):
        raise UnknownOrder(order=order)
    return order
