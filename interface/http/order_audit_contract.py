"""What the calls of an order's audit are, in words and schemas."""

from domain import refusals
from interface.http.contract import Good, Operation
from interface.http.order_audit_schemas import DiffIn, DiffOut

READ_DIFF = Operation(
    tag="order history",
    summary="Compare two versions of an order",
    says="What changed between two versions, field by field, and which facts changed it. Version"
    " 0 is before the order was made.",
    query=DiffIn(),
    answers={200: Good("What changed.", DiffOut)},
    refuses=(refusals.UnknownOrder, refusals.UnknownVersion),
)
