"""The bytes and headers of good answers."""

from typing import Any

import msgspec
from flask import Response

from application.order_document import order_document
from application.order_service import Answer

JSON = "application/json; charset=UTF-8"

_ENCODER = msgspec.json.Encoder()


def json_answer(document: Any, status: int = 200) -> Response:
    """An answer with a JSON body."""
    return Response(_ENCODER.encode(document), status, content_type=JSON)


def order_answer(answer: Answer, status: int = 200) -> Response:
    """The order document with its version."""
    response = json_answer(order_document(answer.order, answer.at), status)
    response.headers["ETag"] = f'"{answer.order.version}"'
    return response


def written_answer(answer: Answer, status: int = 200) -> Response:
    """The answer to a write: the order, and the log's position that shows it."""
    response = order_answer(answer, status)
    response.headers["X-Log-Position"] = str(answer.position)
    return response
