"""The bytes and headers of good answers."""

from collections.abc import Callable
from typing import Any

import msgspec
from flask import Response

from application.order_document import order_document
from application.order_service import Answer
from domain.order import Order

JSON = "application/json; charset=UTF-8"

_ENCODER = msgspec.json.Encoder()


def json_answer(document: Any, status: int = 200) -> Response:
    """An answer with a JSON body."""
    return Response(_ENCODER.encode(document), status, content_type=JSON)


def order_answer(
    answer: Answer, shape: Callable[[dict[str, Any], Order], Any] | None, status: int = 200
) -> Response:
    """The order document with its version, in the `shape` that was wished."""
    document = order_document(answer.order, answer.at)
    response = json_answer(shape(document, answer.order) if shape else document, status)
    response.headers["ETag"] = f'"{answer.order.version}"'
    return response


def position_told(response: Response, answer: Answer) -> Response:
    """The answer to a write, with the log's position that shows what was written."""
    response.headers["X-Log-Position"] = str(answer.position)
    return response
