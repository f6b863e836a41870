"""The bytes and headers of good answers."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from flask import Response

from application.orders.document import order_document
from application.orders.queries import OrderPage
from application.orders.service import Answer
from domain.order import Order

JSON = "application/json; charset=UTF-8"

_encode = msgspec.json.Encoder().encode
Header = tuple[str, str]
Shape = Callable[[dict[str, Any], Order], Any]
"""Makes of an order's document what was wished by fields-schema."""


class WholeAnswer(Response):
    """An answer that is whole: its bytes and headers go out as they stand.

    Flask's own answers are looked over once more on the way out, for what these never have.
    """

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer, by WSGI."""
        start_response(self.status, self.headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response  # type: ignore[return-value] # a list of bytes


def json_answer(document: Any, status: int = 200, headers: Sequence[Header] = ()) -> Response:
    """An answer with a JSON body."""
    return bytes_answer(_encode(document), status, headers)


def bytes_answer(body: bytes, status: int = 200, headers: Sequence[Header] = ()) -> Response:
    """An answer with a body that is JSON already."""
    length = str(len(body))
    return WholeAnswer(
        [body], status, [("Content-Type", JSON), ("Content-Length", length), *headers]
    )


def order_answer(
    answer: Answer,
    shape: Shape | None,
    status: int = 200,
    *,
    written: bool = False,
) -> Response:
    """The order document with its version, in the `shape` that was wished."""
    headers = [("ETag", f'"{answer.order.version}"')]
    if written:
        headers.append(position_of(answer))
    if shape is None and answer.document:
        return bytes_answer(answer.document, status, headers)
    return json_answer(_shown(answer.order, answer.at, shape), status, headers)


def orders_answer(page: OrderPage, shape: Shape | None) -> Response:
    """The documents of a page of orders, each in the `shape` that was wished."""
    return json_answer([_shown(order, page.at, shape) for order in page.orders])


def _shown(order: Order, at: datetime, shape: Shape | None) -> Any:
    document = order_document(order, at)
    return shape(document, order) if shape else document


def position_of(answer: Answer) -> Header:
    """The log's position that shows what was written: every write answers with it."""
    return "X-Log-Position", str(answer.position)
