"""Successful answers about orders: their documents, in the requested shape."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from application.orders.commands import Answer
from application.orders.document import order_document
from application.orders.document_types import OrderDocument
from application.orders.queries import OrderPage
from domain.order import Order
from interface.http.exchange import Header, Outgoing, bytes_answer, json_answer
from interface.http.read_your_writes import position_of
from interface.http.versions import etag_of

Shape = Callable[[OrderDocument, Order], Any]
"""Reduces an order's document to the fields that fields-schema names."""


def order_answer(
    answer: Answer, shape: Shape | None, status: int = 200, *, written: bool = False
) -> Outgoing:
    """The order document with its version, in the requested `shape`."""
    headers = [etag_of(answer.order.version)]
    if written:
        headers.append(position_of(answer))
    if shape is None and answer.document:
        outgoing = bytes_answer(answer.document, status, tuple(headers))
    else:
        document = _document(answer.order, answer.at, shape)
        outgoing = json_answer(document, status, tuple(headers))
    outgoing.order = answer.order.id
    return outgoing


def orders_answer(page: OrderPage, shape: Shape | None, more: tuple[Header, ...]) -> Outgoing:
    """The documents of a page of orders, each in the requested `shape`."""
    return json_answer([_document(order, page.at, shape) for order in page.orders], 200, more)


def _document(order: Order, at: datetime, shape: Shape | None) -> Any:
    document = order_document(order, at)
    return shape(document, order) if shape else document
