"""The resource `orders`: create, change, read, list, and how it came to be."""

from functools import partial
from urllib.parse import urlencode

from application.bootstrap import Services
from application.orders.service import ChangeOrder, Request
from domain.refusals import UnknownOrder
from domain.status import Status
from interface.http.answers import Shape, order_answer, orders_answer
from interface.http.body import load_body, load_query, usual
from interface.http.calls import Calls
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.fields_schema import parse, shaped
from interface.http.idempotency import fingerprint_of, key_of
from interface.http.orders_contract import (
    CANCEL_ORDER,
    CHANGE_ORDER,
    CREATE_ORDER,
    LIST_ORDER_TICKETS,
    LIST_ORDERS,
    READ_HISTORY,
    READ_ORDER,
)
from interface.http.quick_body import quick_change, quick_order
from interface.http.read_your_writes import position_of, wait_for_position
from interface.http.schemas import (
    OBJECT_ID,
    NothingIn,
    OrderChangeIn,
    OrderIn,
    OrderListIn,
    OrderShapeIn,
    OrderViewIn,
)
from interface.http.versions import versions_of

ORDER_IN = OrderIn()
ORDER_CHANGE_IN = OrderChangeIn()
ORDER_VIEW_IN = OrderViewIn()
ORDER_LIST_IN = OrderListIn()
ORDER_SHAPE_IN = OrderShapeIn()
NOTHING_IN = NothingIn()
CANCEL = ChangeOrder(status=Status.CANCELED)

ORDERS = Calls("orders", "/v1/resources/orders")


@ORDERS.post("", CREATE_ORDER, partial(usual, quick=quick_order))
def create_order(incoming: Incoming, services: Services) -> Outgoing:
    """Create an order."""
    shape = _requested_shape(incoming, services)
    show, command = load_body(incoming, ORDER_IN, quick_order)
    answer = services.orders.create(show, command, request_of(incoming))
    return order_answer(answer, shape, 201, written=True)


@ORDERS.patch("/<order_id:order>", CHANGE_ORDER, partial(usual, quick=quick_change))
def change_order(incoming: Incoming, services: Services) -> Outgoing:
    """Change an order."""
    shape = _requested_shape(incoming, services)
    command = load_body(incoming, ORDER_CHANGE_IN, quick_change)
    answer = services.orders.change(known_order(incoming), command, request_of(incoming))
    return order_answer(answer, shape, written=True)


@ORDERS.delete("/<order_id:order>", CANCEL_ORDER)
def cancel_order(incoming: Incoming, services: Services) -> Outgoing:
    """Cancel an order."""
    load_query(incoming, NOTHING_IN)
    answer = services.orders.change(known_order(incoming), CANCEL, request_of(incoming))
    return json_answer({}, headers=(position_of(answer),))


@ORDERS.get("", LIST_ORDERS)
def list_orders(incoming: Incoming, services: Services) -> Outgoing:
    """List the caller's orders."""
    wanted, fields = load_query(incoming, ORDER_LIST_IN)
    shape = _shape(services, fields)
    wait_for_position(incoming, services, "orders")
    if wanted.at is None:
        page = services.queries.orders(incoming.caller.partner, wanted)
    else:
        page = services.past.orders(incoming.caller.partner, wanted, wanted.at)
    if page.cursor is None:
        return orders_answer(page, shape, ())
    link = f'<{_next_address(incoming, page.cursor)}>; rel="next"'
    return orders_answer(page, shape, (("Link", link),))


@ORDERS.get("/<order_id:order>", READ_ORDER, lambda _: True)
def read_order(incoming: Incoming, services: Services) -> Outgoing:
    """Read an order, as it is or was."""
    if not incoming.environ.get("QUERY_STRING"):
        return order_answer(services.history.order(known_order(incoming), incoming.caller), None)
    wanted = load_query(incoming, ORDER_VIEW_IN)
    shape = _shape(services, wanted["fields_schema"])
    known = known_order(incoming)
    if "version" in wanted:
        answer = services.history.at_version(known, wanted["version"], incoming.caller)
    elif "at" in wanted:
        answer = services.history.at_time(known, wanted["at"], incoming.caller)
    else:
        answer = services.history.order(known, incoming.caller)
    return order_answer(answer, shape)


@ORDERS.get("/<order_id:order>/tickets", LIST_ORDER_TICKETS)
def list_order_tickets(incoming: Incoming, services: Services) -> Outgoing:
    """List the tickets of an order."""
    load_query(incoming, NOTHING_IN)
    answer = services.history.order(known_order(incoming), incoming.caller)
    return json_answer(services.shows.tickets_of(answer.order))


@ORDERS.get("/<order_id:order>/history", READ_HISTORY)
def read_history(incoming: Incoming, services: Services) -> Outgoing:
    """Read every event of an order."""
    load_query(incoming, NOTHING_IN)
    return json_answer(services.history.history(known_order(incoming), incoming.caller))


def request_of(incoming: Incoming) -> Request:
    """The request as the service knows it. Raises `BadRequest` for a bad header."""
    key = key_of(incoming)
    return Request(
        caller=incoming.caller,
        id=incoming.id,
        versions=versions_of(incoming),
        key=key,
        fingerprint=b"" if key is None else fingerprint_of(incoming),
    )


def known_order(incoming: Incoming) -> str:
    """The order that the path names; refuses what cannot be an id as one that does not exist."""
    return known_id(incoming.arguments["order"])


def known_id(order: str) -> str:
    """The id; refuses what cannot be one as an order that does not exist."""
    if not OBJECT_ID.match(order):
        raise UnknownOrder(order=order)
    return order


def _requested_shape(incoming: Incoming, services: Services) -> Shape | None:
    """How to shape the answer to a write; faults are found before anything is written."""
    if not incoming.environ.get("QUERY_STRING"):
        return None
    return _shape(services, load_query(incoming, ORDER_SHAPE_IN)["fields_schema"])


def _shape(services: Services, text: str | None) -> Shape | None:
    """How to shape an answer, where fields-schema asks for it."""
    if text is None:
        return None
    tree = parse(text)
    return lambda document, order: shaped(document, tree, order, services.shows)


def _next_address(incoming: Incoming, cursor: str) -> str:
    """The address of the list, continued beyond `cursor`."""
    asked = incoming.parsed
    return f"{asked.path}?{urlencode({**asked.args.to_dict(), 'cursor': cursor})}"
