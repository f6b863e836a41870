"""The resource `payments`: orders' money, what waits for a person, and what a person decides."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from application.bootstrap import Services
from application.catalog.scopes import AUDIT, ORDERS_READ, PAYMENTS_WRITE
from application.payments.document_types import OrderPaymentsDocument, PaymentsDocument
from application.payments.queries import PaymentFilter
from application.payments.resolving import RESOLUTIONS
from domain import refusals
from interface.http import headers, problems
from interface.http.body import load_body, load_query
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.input_fields import Flag, ObjectId
from interface.http.order_in_path import known_order
from interface.http.orders import CONDITIONS, OF_A_WRITE, request_of
from interface.http.paging import links_to
from interface.http.read_your_writes import position_of, wait_for_position
from interface.http.schemas import NothingIn, list_cursor, usual_page_size

MOST_NOTE = 500


class PaymentListIn(Schema):
    """Which orders' money to list."""

    attention = Flag(
        load_default=None,
        metadata={"description": "true: only money that waits for a person; false: all other."},
    )
    event = ObjectId(load_default=None, metadata={"description": "Money of this event."})
    page_size = usual_page_size("orders")
    cursor = list_cursor()

    @post_load
    def payment_filter(self, data: dict[str, Any], **_: Any) -> PaymentFilter:
        """The filter as the service has it."""
        return PaymentFilter(show=data.pop("event"), **data)


class ResolutionIn(Schema):
    """What a person decides about money that waits."""

    resolution = fields.String(
        validate=validate.OneOf(RESOLUTIONS),
        required=True,
        metadata={
            "description": "`refund`: it has to go back. `keep`: it stays with the seller;"
            " where `waiting` is below zero, the seller bears it. `accept`: the order"
            " is done for less than it is worth."
        },
    )
    currency = fields.String(
        validate=validate.Regexp(r"\A[A-Z]{3}\Z"),
        load_default=None,
        metadata={"description": "Money of this currency; if missing, the first that waits."},
    )
    note = fields.String(
        validate=validate.Length(max=MOST_NOTE),
        load_default="",
        metadata={"description": "Why, for those who read it later."},
    )


RESOLUTION_IN = ResolutionIn()
PAYMENT_LIST_IN = PaymentListIn()
NOTHING_IN = NothingIn()

LIST_PAYMENTS = Operation(
    scopes=(ORDERS_READ, AUDIT),
    tag="payments",
    summary="List orders' money, and what waits for a person",
    says="The orders that have money or a notice of a payment, the last changed first: those that"
    " the key's partner sold, and those of its own events. With `attention=true` only those whose"
    " money waits for a person; keys with `audit` get before them the notices that no order has"
    " acted on, with null for the order. The list is read from a read model that follows the log by"
    " a moment; X-Wait-For-Position waits for it.",
    query=PAYMENT_LIST_IN,
    headers=(headers.WAIT_FOR_POSITION,),
    answers={
        200: Good("A page of money.", OrderPaymentsDocument, many=True, headers=(headers.LINK,))
    },
    refuses=(problems.BAD_CURSOR, *problems.OF_A_WAIT),
)

READ_ORDER_PAYMENTS = Operation(
    scopes=(ORDERS_READ, AUDIT),
    tag="payments",
    summary="Read an order's money: payments, refunds, what waits",
    says="What was received for the order, what went back and is to go back, why money waits for a"
    " person, and all payments and refunds. It is read from the order's events, so it is never"
    " late. The vendor that created the order and the organiser of its event may read it.",
    query=NOTHING_IN,
    answers={200: Good("The order's money.", PaymentsDocument)},
    refuses=(refusals.UnknownOrder,),
)

RESOLVE = Operation(
    scopes=(PAYMENTS_WRITE,),
    tag="payments",
    summary="Decide about money that waits",
    says="What a person decides about money that waits: all of it, of one currency. The vendor that"
    " created the order and the organiser of its event may decide. It is an event of the order.",
    query=NOTHING_IN,
    body=RESOLUTION_IN,
    headers=(headers.IDEMPOTENCY_KEY, *CONDITIONS),
    answers={
        200: Good(
            "The order's money afterwards.", PaymentsDocument, headers=(headers.LOG_POSITION,)
        )
    },
    refuses=(
        *problems.OF_A_BODY,
        *problems.OF_A_BODY_ON_ITS_WAY,
        *OF_A_WRITE,
        refusals.UnknownOrder,
        refusals.ChangedMeanwhile,
        refusals.NothingToResolve,
        refusals.CannotAccept,
    ),
)

PAYMENTS = Calls("payments", "/v1/resources")


@PAYMENTS.get("/payments", LIST_PAYMENTS, waits_for="payments")
def list_payments(incoming: Incoming, services: Services) -> Outgoing:
    """List orders' money."""
    wanted = load_query(incoming, PAYMENT_LIST_IN)
    wait_for_position(incoming, services, "payments")
    page = services.payments.page(incoming.caller, wanted)
    return json_answer(page.documents, headers=links_to(incoming, page.cursor))


@PAYMENTS.get("/orders/<order_id:order>/payments", READ_ORDER_PAYMENTS)
def read_order_payments(incoming: Incoming, services: Services) -> Outgoing:
    """Read an order's money."""
    load_query(incoming, NOTHING_IN)
    return json_answer(services.payments.of_order(known_order(incoming), incoming.caller))


@PAYMENTS.post("/orders/<order_id:order>/payments/resolution", RESOLVE)
def resolve_payments(incoming: Incoming, services: Services) -> Outgoing:
    """Decide about an order's money."""
    load_query(incoming, NOTHING_IN)
    wanted = load_body(incoming, RESOLUTION_IN)
    request = request_of(incoming)
    answer = services.resolver.resolve(known_order(incoming), request=request, **wanted)
    document = services.payments.document(answer.order)
    return json_answer(document, headers=(position_of(answer),))
