"""Successful answers about orders: their documents, in the requested shape."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from application.documents.order import order_document
from application.documents.order_types import OrderDocument
from application.orders.commands import Answer
from domain.order import Order
from interface.http.exchange import Outgoing, bytes_answer, json_answer
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


def is_ruled_out(answer: Answer, versions: frozenset[int] | None) -> bool:
    """Whether the client has this very document, by the `versions` it rules out (None: all).

    An order whose hold has ended is expired before that is an event. Its version is then that of a
    document that said otherwise.
    """
    order = answer.order
    named = versions is None or order.version in versions
    return named and order.status_at(answer.at) is order.status


def unchanged_answer(answer: Answer) -> Outgoing:
    """What says that the client has the document already."""
    return Outgoing(304, [etag_of(answer.order.version)])


def _document(order: Order, at: datetime, shape: Shape | None) -> Any:
    document = order_document(order, at)
    return shape(document, order) if shape else document
