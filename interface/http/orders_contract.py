"""What the calls on orders are, in words and schemas."""

from typing import TypedDict

from application.catalog.document_types import OrderTicketDocument
from application.orders.document_types import HistoryDocument, OrderDocument
from domain import refusals
from interface.http.contract import Good, Operation
from interface.http.headers import (
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    LINK,
    LOG_POSITION,
    WAIT_FOR_POSITION,
)
from interface.http.problems import (
    BAD_CURSOR,
    BAD_FIELDS_SCHEMA,
    BAD_IDEMPOTENCY_KEY,
    CONTENDED,
    OF_A_BODY,
    OF_A_BODY_ON_ITS_WAY,
    OF_A_WAIT,
    RANDOM_AND_TICKETS,
)
from interface.http.schemas import (
    NothingIn,
    OrderChangeIn,
    OrderIn,
    OrderListIn,
    OrderShapeIn,
    OrderViewIn,
)


class NothingDocument(TypedDict):
    """An empty object."""


OF_A_WRITE = (
    BAD_IDEMPOTENCY_KEY,
    CONTENDED,
    refusals.RequestReused,
)
OF_A_CHANGE = (
    *OF_A_WRITE,
    refusals.UnknownOrder,
    refusals.NotTheVendor,
    refusals.VersionMismatch,
    refusals.ChangedMeanwhile,
    refusals.MoveNotAllowed,
)
OF_A_COMMAND = (
    *OF_A_BODY,
    *OF_A_BODY_ON_ITS_WAY,
    RANDOM_AND_TICKETS,
    BAD_FIELDS_SCHEMA,
    refusals.UnknownSet,
    refusals.UnknownTicket,
    refusals.TicketOfAnotherShow,
    refusals.NotOnSale,
    refusals.UnknownPaymentSystem,
    refusals.PaymentSystemMissing,
    refusals.NoTickets,
    refusals.StatusOfTheSystem,
)

CREATE_ORDER = Operation(
    tag="orders",
    summary="Create an order",
    says="Makes an order of an event and holds its tickets for ten minutes. Tickets are named by"
    " their ids, or taken at random out of sets, never both; an order may also be made without"
    " any. Those that cannot be had are left out of the answer, unless `all_or_nothing` is true:"
    " then the order has all or none. Customer, payment and status may be given at once.",
    query=OrderShapeIn(),
    body=OrderIn(),
    headers=(IDEMPOTENCY_KEY,),
    answers={
        201: Good(
            "The order.",
            OrderDocument,
            headers=(ETAG, LOG_POSITION),
            leads_to=(
                "read_order",
                "change_order",
                "cancel_order",
                "list_order_tickets",
                "read_history",
            ),
        )
    },
    refuses=(
        *OF_A_WRITE,
        *OF_A_COMMAND,
        refusals.UnknownShow,
        refusals.NoDeal,
        refusals.MoveNotAllowed,
    ),
)

CHANGE_ORDER = Operation(
    tag="orders",
    summary="Change an order",
    says="Changes tickets, customer, payment and status: all that is asked for, or nothing."
    " `tickets` and `random` name the wanted end state: what is missing is claimed, what is no"
    " longer named is let go, what stays keeps its seat. Asking for what already is records"
    " nothing and is answered with the order as it is.",
    query=OrderShapeIn(),
    body=OrderChangeIn(),
    headers=(IF_MATCH, IDEMPOTENCY_KEY),
    answers={200: Good("The order after the change.", OrderDocument, headers=(ETAG, LOG_POSITION))},
    refuses=(
        *OF_A_CHANGE,
        *OF_A_COMMAND,
        refusals.PaymentLocked,
        refusals.CustomerLocked,
        refusals.TicketsLocked,
        refusals.TicketsOnlyOut,
        refusals.TicketsIncomplete,
        refusals.ConfirmedByGateway,
    ),
)

CANCEL_ORDER = Operation(
    tag="orders",
    summary="Cancel an order",
    says="The same as changing the status to `canceled`: the tickets are let go at once, and the"
    " order keeps listing which they were.",
    query=NothingIn(),
    headers=(IF_MATCH, IDEMPOTENCY_KEY),
    answers={200: Good("The order is canceled.", NothingDocument, headers=(LOG_POSITION,))},
    refuses=OF_A_CHANGE,
)

LIST_ORDERS = Operation(
    tag="orders",
    summary="List orders",
    says="The orders that this key's partner made, newest first. The list is read from a read"
    " model that follows the log by a moment; X-Wait-For-Position waits for it. With `at` it has"
    " the orders that there were at that moment, as they were then; a page for which very many"
    " orders had to be looked at may be shorter than asked for, or empty, and yet have a next one.",
    query=OrderListIn(),
    headers=(WAIT_FOR_POSITION,),
    answers={200: Good("A page of orders.", OrderDocument, many=True, headers=(LINK,))},
    refuses=(BAD_CURSOR, BAD_FIELDS_SCHEMA, *OF_A_WAIT),
)

READ_ORDER = Operation(
    tag="orders",
    summary="Read an order",
    says="The order as it is, or as it was after one of its versions or at a moment. The vendor"
    " that made it and the organiser of its event may read it.",
    query=OrderViewIn(),
    answers={200: Good("The order.", OrderDocument, headers=(ETAG,))},
    refuses=(
        BAD_FIELDS_SCHEMA,
        refusals.UnknownOrder,
        refusals.UnknownVersion,
        refusals.NotYetCreated,
    ),
)

LIST_ORDER_TICKETS = Operation(
    tag="order tickets",
    summary="List an order's tickets",
    says="The tickets that the order lists, with their seats, in the order in which it got them."
    " Those of a done order have a barcode that cannot be guessed.",
    query=NothingIn(),
    answers={200: Good("The tickets.", OrderTicketDocument, many=True)},
    refuses=(refusals.UnknownOrder,),
)

READ_HISTORY = Operation(
    tag="order history",
    summary="Read an order's history",
    says="Every event of the order, oldest first: what happened, when, who did it, by which"
    " request, and what the event says.",
    query=NothingIn(),
    answers={200: Good("The events.", HistoryDocument)},
    refuses=(refusals.UnknownOrder,),
)
