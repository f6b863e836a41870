"""The resource `orders`: create, change, read, list, and how it came to be."""

import re
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request
from werkzeug.routing import BaseConverter

from application.bootstrap import Services
from application.order_service import OrderWish
from domain.refusals import UnknownOrder
from domain.status import Status
from interface.http.answers import json_answer, order_answer, written_answer
from interface.http.body import load_body, load_query
from interface.http.errors import BadRequest
from interface.http.request_context import the_request
from interface.http.schemas import OBJECT_ID, OrderChangeIn, OrderIn, OrderListIn, OrderViewIn

ORDER_IN = OrderIn()
ORDER_CHANGE_IN = OrderChangeIn()
ORDER_VIEW_IN = OrderViewIn()
ORDER_LIST_IN = OrderListIn()
POSITION = re.compile(r"[0-9]{1,18}\Z")


class OrderId(BaseConverter):
    """An order's id in a path; what is no id is an order that does not exist."""

    part_isolating = True

    def to_python(self, value: str) -> str:
        """The id in small letters."""
        return value.lower()


def orders_blueprint(services: Services) -> Blueprint:
    """The routes of orders."""
    routes = Blueprint("orders", __name__, url_prefix="/v1/resources/orders")

    @routes.post("")
    def create_order() -> Response:
        show, wish = load_body(ORDER_IN)
        return written_answer(services.orders.create(show, wish, the_request()), 201)

    @routes.get("")
    def list_orders() -> Response:
        wanted = load_query(ORDER_LIST_IN)
        _wait_for_position(services)
        page = services.queries.orders(g.caller.partner, wanted)
        answer = json_answer(page.orders)
        if page.cursor is not None:
            answer.headers["Link"] = f'<{_next_address(page.cursor)}>; rel="next"'
        return answer

    @routes.get("/<order_id:order>")
    def read_order(order: str) -> Response:
        wanted = load_query(ORDER_VIEW_IN)
        known = _known(order)
        if "version" in wanted:
            return order_answer(services.history.at_version(known, wanted["version"], g.caller))
        if "at" in wanted:
            return order_answer(services.history.at_time(known, wanted["at"], g.caller))
        return order_answer(services.history.order(known, g.caller))

    @routes.patch("/<order_id:order>")
    def change_order(order: str) -> Response:
        wish = load_body(ORDER_CHANGE_IN)
        return written_answer(services.orders.change(_known(order), wish, the_request()))

    @routes.delete("/<order_id:order>")
    def cancel_order(order: str) -> Response:
        wish = OrderWish(status=Status.CANCELED)
        answer = services.orders.change(_known(order), wish, the_request())
        response = written_answer(answer)
        response.set_data(b"{}")
        return response

    @routes.get("/<order_id:order>/history")
    def read_history(order: str) -> Response:
        return json_answer(services.history.history(_known(order), g.caller))

    return routes


def _known(order: str) -> str:
    """The id; refuses what cannot be one as an order that does not exist."""
    if not OBJECT_ID.match(order):
        raise UnknownOrder(order=order)
    return order


def _wait_for_position(services: Services) -> None:
    """Let a client read what it wrote: X-Wait-For-Position is an answer's X-Log-Position."""
    header = request.headers.get("X-Wait-For-Position")
    if header is None:
        return
    if not POSITION.match(header):
        raise BadRequest("bad_position", "X-Wait-For-Position has to be an X-Log-Position.")
    services.queries.wait_for(int(header), services.settings.wait_seconds)


def _next_address(cursor: str) -> str:
    """The address of the list, continued beyond `cursor`."""
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'cursor': cursor})}"
