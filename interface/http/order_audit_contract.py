"""What the calls of an order's audit are, in words and schemas."""

from application.orders.document_types import DiffDocument, StoryDocument
from domain import refusals
from interface.http.contract import Good, Operation
from interface.http.headers import ACCEPT_LANGUAGE, CONTENT_LANGUAGE
from interface.http.order_audit_schemas import DiffIn
from interface.http.schemas import NothingIn

READ_DIFF = Operation(
    tag="order history",
    summary="Compare two versions of an order",
    says="What changed between two versions, field by field, and which events changed it. Version"
    " 0 is before the order was made.",
    query=DiffIn(),
    answers={200: Good("What changed.", DiffDocument)},
    refuses=(refusals.UnknownOrder, refusals.UnknownVersion),
)

EXPLAIN = Operation(
    tag="order history",
    summary="Explain an order",
    says="The order's story in plain sentences: what happened, when, by whom, by which request, and"
    " how long was left on the hold; what was asked and refused; and for an end that nobody asked"
    " for, why. Refused attempts are kept for thirty days.",
    query=NothingIn(),
    headers=(ACCEPT_LANGUAGE,),
    answers={200: Good("The story.", StoryDocument, headers=(CONTENT_LANGUAGE,))},
    refuses=(refusals.UnknownOrder,),
)
