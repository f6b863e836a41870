"""The resource `orders`: create, change, read, list, and how it came to be."""

from urllib.parse import urlencode

from flask import Blueprint, Response, g, request
from werkzeug.routing import BaseConverter

from application.bootstrap import Services
from application.orders.service import ChangeOrder
from domain.refusals import UnknownOrder
from domain.status import Status
from interface.http.answers import Shape, json_answer, order_answer, orders_answer, position_of
from interface.http.body import load_body, load_query
from interface.http.contract import described
from interface.http.fields_schema import parse, shaped
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
from interface.http.request_context import the_request, wait_for_position
from interface.http.schemas import (
    OBJECT_ID,
    NothingIn,
    OrderChangeIn,
    OrderIn,
    OrderListIn,
    OrderShapeIn,
    OrderViewIn,
)

ORDER_IN = OrderIn()
ORDER_CHANGE_IN = OrderChangeIn()
ORDER_VIEW_IN = OrderViewIn()
ORDER_LIST_IN = OrderListIn()
ORDER_SHAPE_IN = OrderShapeIn()
NOTHING_IN = NothingIn()
CANCEL = ChangeOrder(status=Status.CANCELED)


class OrderId(BaseConverter):
    """An order's id in a path; what is no id is an order that does not exist."""

    part_isolating = True

    def to_python(self, value: str) -> str:
        """The id in small letters."""
        return value.lower()


def orders_blueprint(services: Services) -> Blueprint:
    """The routes of orders."""
    routes = Blueprint("orders", __name__, url_prefix="/v1/resources/orders")
    _register_writes(routes, services)
    _register_reads(routes, services)
    return routes


def _register_writes(routes: Blueprint, services: Services) -> None:

    @routes.post("")
    @described(CREATE_ORDER)
    def create_order() -> Response:
        shape = _requested_shape(services)
        show, command = load_body(ORDER_IN, quick_order)
        answer = services.orders.create(show, command, the_request())
        return order_answer(answer, shape, 201, written=True)

    @routes.patch("/<order_id:order>")
    @described(CHANGE_ORDER)
    def change_order(order: str) -> Response:
        shape = _requested_shape(services)
        command = load_body(ORDER_CHANGE_IN, quick_change)
        answer = services.orders.change(known_order(order), command, the_request())
        return order_answer(answer, shape, written=True)

    @routes.delete("/<order_id:order>")
    @described(CANCEL_ORDER)
    def cancel_order(order: str) -> Response:
        load_query(NOTHING_IN)
        answer = services.orders.change(known_order(order), CANCEL, the_request())
        return json_answer({}, headers=[position_of(answer)])


def _register_reads(routes: Blueprint, services: Services) -> None:
    @routes.get("")
    @described(LIST_ORDERS)
    def list_orders() -> Response:
        wanted, fields = load_query(ORDER_LIST_IN)
        shape = _shape(services, fields)
        wait_for_position(services, "orders")
        if wanted.at is None:
            page = services.queries.orders(g.caller.partner, wanted)
        else:
            page = services.past.orders(g.caller.partner, wanted, wanted.at)
        answer = orders_answer(page, shape)
        if page.cursor is not None:
            answer.headers["Link"] = f'<{_next_address(page.cursor)}>; rel="next"'
        return answer

    @routes.get("/<order_id:order>")
    @described(READ_ORDER)
    def read_order(order: str) -> Response:
        wanted = load_query(ORDER_VIEW_IN)
        shape = _shape(services, wanted["fields_schema"])
        known = known_order(order)
        if "version" in wanted:
            answer = services.history.at_version(known, wanted["version"], g.caller)
        elif "at" in wanted:
            answer = services.history.at_time(known, wanted["at"], g.caller)
        else:
            answer = services.history.order(known, g.caller)
        return order_answer(answer, shape)

    @routes.get("/<order_id:order>/tickets")
    @described(LIST_ORDER_TICKETS)
    def list_order_tickets(order: str) -> Response:
        load_query(NOTHING_IN)
        answer = services.history.order(known_order(order), g.caller)
        return json_answer(services.shows.tickets_of(answer.order))

    @routes.get("/<order_id:order>/history")
    @described(READ_HISTORY)
    def read_history(order: str) -> Response:
        load_query(NOTHING_IN)
        return json_answer(services.history.history(known_order(order), g.caller))


def _requested_shape(services: Services) -> Shape | None:
    """How to shape the answer to a write; faults are told before anything is written."""
    if not request.query_string:
        return None
    return _shape(services, load_query(ORDER_SHAPE_IN)["fields_schema"])


def _shape(services: Services, text: str | None) -> Shape | None:
    """How to shape an answer, where fields-schema asks for it."""
    if text is None:
        return None
    tree = parse(text)
    return lambda document, order: shaped(document, tree, order, services.shows)


def known_order(order: str) -> str:
    """The id; refuses what cannot be one as an order that does not exist."""
    if not OBJECT_ID.match(order):
        raise UnknownOrder(order=order)
    return order


def _next_address(cursor: str) -> str:
    """The address of the list, continued beyond `cursor`."""
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'cursor': cursor})}"
