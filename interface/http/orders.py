"""The resource `orders`: create, change, cancel, read and list, with tickets and history."""

from functools import partial
from typing import TypedDict

import msgspec

from application.bootstrap import Services
from application.catalog.document_types import OrderTicketDocument
from application.catalog.scopes import (
    AUDIT,
    BARCODES_READ,
    ORDERS_READ,
    ORDERS_WRITE,
    PAYMENTS_WRITE,
)
from application.documents.order_types import OrderDocument
from application.orders.commands import ChangeOrder, Request
from application.orders.document_types import HistoryDocument
from domain import refusals
from domain.status import Status
from interface.http import headers, paging, problems, schemas
from interface.http.answers import (
    Shape,
    is_ruled_out,
    order_answer,
    unchanged_answer,
)
from interface.http.body import has_no_query, load_body, load_query, usual
from interface.http.calls import Calls, refuse_without
from interface.http.contract import Good, Operation
from interface.http.exchange import Incoming, Outgoing, json_answer, list_answer
from interface.http.fields_schema import expands
from interface.http.idempotency import fingerprint_of, key_of
from interface.http.order_in_path import known_order
from interface.http.paging import fitting, in_json, is_plain_page, links_to
from interface.http.quick_body import quick_change, quick_order
from interface.http.read_your_writes import position_of, wait_for_position
from interface.http.shaped_orders import shape_of, shaped_page, tickets_of, tree_in
from interface.http.validators import OF_A_PAGE, UNCHANGED, KeptCompressed, page_answer
from interface.http.versions import refuse_version_of_none, versions_ruled_out, versions_to_match


class NothingDocument(TypedDict):
    """An empty object."""


ORDER_IN = schemas.OrderIn()
ORDER_CHANGE_IN = schemas.OrderChangeIn()
ORDER_VIEW_IN = schemas.OrderViewIn()
ORDER_LIST_IN = schemas.OrderListIn()
ORDER_SHAPE_IN = schemas.OrderShapeIn()
ORDER_TICKETS_IN = schemas.OrderTicketsIn()
HISTORY_IN = schemas.HistoryIn()
NOTHING_IN = schemas.NothingIn()

OF_A_WRITE = (
    problems.BAD_IDEMPOTENCY_KEY,
    *problems.OF_VERSIONS,
    problems.CONTENDED,
    refusals.RequestReused,
    refusals.VersionMismatch,
)
CONDITIONS = (headers.IF_MATCH, headers.IF_NONE_MATCH)
OF_A_CHANGE = (
    *OF_A_WRITE,
    refusals.UnknownOrder,
    refusals.NotTheVendor,
    refusals.ChangedMeanwhile,
    refusals.MoveNotAllowed,
)
OF_A_COMMAND = (
    *problems.OF_A_BODY,
    *problems.OF_A_BODY_ON_ITS_WAY,
    problems.RANDOM_AND_TICKETS,
    problems.BAD_FIELDS_SCHEMA,
    refusals.UnknownSet,
    refusals.UnknownTicket,
    refusals.TicketOfAnotherShow,
    refusals.NotOnSale,
    refusals.UnknownPaymentSystem,
    refusals.PaymentSystemMissing,
    refusals.CustomerIncomplete,
    refusals.PromocodeNeedsBuyer,
    refusals.NoTickets,
    refusals.StatusOfTheSystem,
    refusals.TooManyTickets,
    refusals.TooManyTicketsHeld,
    refusals.DealEnded,
    refusals.PartnerSuspended,
    *problems.OF_PROMOCODES,
)

CREATE_ORDER = Operation(
    scopes=(ORDERS_WRITE,),
    tag="orders",
    summary="Create an order",
    says="Creates an order of an event and holds its tickets for ten minutes, or as long as the"
    " event says in the catalogue. Tickets are named by their ids, or chosen by the service out of"
    " sets, never both; an order may also be created without any. Tickets that are not vacant are"
    " left out of the order, unless `all_or_nothing` is true: then the order gets all or none."
    " Customer, promo codes, payment and status may be given at once.",
    query=ORDER_SHAPE_IN,
    body=ORDER_IN,
    headers=(headers.IDEMPOTENCY_KEY,),
    answers={
        201: Good(
            "The order.",
            OrderDocument,
            headers=(headers.ETAG, headers.LOG_POSITION),
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
        refusals.TooManyEmptyOrders,
        refusals.MoveNotAllowed,
    ),
)

CHANGE_ORDER = Operation(
    scopes=(ORDERS_WRITE, PAYMENTS_WRITE),
    tag="orders",
    summary="Change an order: its tickets, buyer, payment or status",
    says="Changes tickets, customer, promo codes, payment and status, all together or not at all."
    " `tickets` and `random` name the wanted end state: missing tickets are taken, tickets that are"
    " no longer named are released, and the others stay. A request that changes nothing records"
    " no event, and its answer is the order as it is.",
    query=ORDER_SHAPE_IN,
    body=ORDER_CHANGE_IN,
    headers=(*CONDITIONS, headers.IDEMPOTENCY_KEY),
    answers={
        200: Good(
            "The order after the change.",
            OrderDocument,
            headers=(headers.ETAG, headers.LOG_POSITION),
        )
    },
    refuses=(
        *OF_A_CHANGE,
        *OF_A_COMMAND,
        refusals.PaymentLocked,
        refusals.CustomerLocked,
        refusals.PromocodesLocked,
        refusals.TicketsLocked,
        refusals.TicketsOnlyOut,
        refusals.TicketsIncomplete,
        refusals.ConfirmedByGateway,
        refusals.TooManyChanges,
    ),
)

CANCEL_ORDER = Operation(
    scopes=(ORDERS_WRITE,),
    tag="orders",
    summary="Cancel an order",
    says="The same as changing the status to `canceled`: the tickets are released at once, and the"
    " order still lists them.",
    query=NOTHING_IN,
    headers=(*CONDITIONS, headers.IDEMPOTENCY_KEY),
    answers={200: Good("The order is canceled.", NothingDocument, headers=(headers.LOG_POSITION,))},
    refuses=OF_A_CHANGE,
)

LIST_ORDERS = Operation(
    scopes=(ORDERS_READ, AUDIT),
    tag="orders",
    summary="List orders",
    says="The orders that this key's partner created, newest first. The list is read from a read"
    " model that follows the log by a moment; X-Wait-For-Position waits for it. With `at` it has"
    " the orders that there were at that moment, as they were then; a page for which very many"
    " orders have to be read may be shorter than page_size, or empty, and still have a next one.",
    query=ORDER_LIST_IN,
    headers=(headers.WAIT_FOR_POSITION, headers.IF_NOT_AS_KNOWN),
    answers={
        200: Good(
            "A page of orders.", OrderDocument, many=True, headers=(headers.LINK, *OF_A_PAGE)
        ),
        304: UNCHANGED,
    },
    refuses=(
        problems.BAD_IF_NONE_MATCH,
        problems.BAD_CURSOR,
        problems.BAD_FIELDS_SCHEMA,
        problems.FIELDS_SCHEMA_TOO_COSTLY,
        *problems.OF_A_WAIT,
    ),
)

READ_ORDER = Operation(
    scopes=(ORDERS_READ, AUDIT),
    tag="orders",
    summary="Read an order, as it is or as it was",
    says="The order as it is, or as it was after one of its versions or at a moment. The vendor"
    " that created it and the organiser of its event may read it.",
    query=ORDER_VIEW_IN,
    headers=(headers.IF_NONE_MATCH,),
    answers={
        200: Good("The order.", OrderDocument, headers=(headers.ETAG,)),
        304: Good("The order as you have it.", headers=(headers.ETAG,), empty=True),
    },
    refuses=(
        problems.BAD_FIELDS_SCHEMA,
        problems.BAD_IF_NONE_MATCH,
        refusals.UnknownOrder,
        refusals.UnknownVersion,
        refusals.NotYetCreated,
    ),
)

LIST_ORDER_TICKETS = Operation(
    scopes=(ORDERS_READ, AUDIT),
    tag="order tickets",
    summary="List an order's tickets, with barcodes",
    says="The tickets that the order lists, with their seats, in the order in which it got them."
    " Tickets of a done order have a barcode that cannot be guessed. If there is more than"
    " page_size or than has room in an answer, there are several pages: follow the Link.",
    query=ORDER_TICKETS_IN,
    answers={
        200: Good("The tickets.", OrderTicketDocument, many=True, headers=(headers.LINK,)),
    },
    refuses=(refusals.UnknownOrder,),
)

READ_HISTORY = Operation(
    scopes=(ORDERS_READ, AUDIT),
    tag="order history",
    summary="Read an order's history: every event",
    says="Every event of the order, oldest first: what happened, when, who did it, by which"
    " request, and the fields of the event. If there is more than page_size or than has room in an"
    " answer, there are several pages: follow the Link.",
    query=HISTORY_IN,
    answers={200: Good("The events.", HistoryDocument, headers=(headers.LINK,))},
    refuses=(refusals.UnknownOrder,),
)

MAY_PAY, MAY_SELL = (PAYMENTS_WRITE,), (ORDERS_WRITE,)
PAYING = frozenset({Status.IN_PROGRESS, Status.DONE})
CANCEL = ChangeOrder(status=Status.CANCELED)

COMPRESSED = KeptCompressed(64)
"""The first pages of partners, which are asked for again and again."""

ORDERS = Calls("orders", "/v1/resources/orders")


@ORDERS.post("", CREATE_ORDER, partial(usual, quick=quick_order))
def create_order(incoming: Incoming, services: Services) -> Outgoing:
    """Create an order."""
    shape = _requested_shape(incoming, services)
    show, command = load_body(incoming, ORDER_IN, quick_order)
    _check_scopes(incoming, command)
    request = request_of(incoming)
    refuse_version_of_none(request.versions)
    answer = services.orders.create(show, command, request)
    return order_answer(answer, shape, 201, written=True)


@ORDERS.patch("/<order_id:order>", CHANGE_ORDER, partial(usual, quick=quick_change))
def change_order(incoming: Incoming, services: Services) -> Outgoing:
    """Change an order."""
    shape = _requested_shape(incoming, services)
    command = load_body(incoming, ORDER_CHANGE_IN, quick_change)
    _check_scopes(incoming, command)
    answer = services.orders.change(known_order(incoming), command, request_of(incoming))
    return order_answer(answer, shape, written=True)


@ORDERS.delete("/<order_id:order>", CANCEL_ORDER, has_no_query)
def cancel_order(incoming: Incoming, services: Services) -> Outgoing:
    """Cancel an order."""
    load_query(incoming, NOTHING_IN)
    answer = services.orders.change(known_order(incoming), CANCEL, request_of(incoming))
    return json_answer({}, headers=(position_of(answer),))


@ORDERS.get("", LIST_ORDERS, is_plain_page, waits_for="orders")
def list_orders(incoming: Incoming, services: Services) -> Outgoing:
    """List the caller's orders."""
    wanted, fields = load_query(incoming, ORDER_LIST_IN)
    tree = tree_in(fields)
    wait_for_position(incoming, services, "orders")
    caller = incoming.caller
    shown = partial(shaped_page, caller=caller, services=services, tree=tree)
    if wanted.at is None:
        shape = (fields, caller.may(BARCODES_READ), paging.MOST_BYTES)
        found = services.order_lists.page(caller.partner, wanted, shape, shown)
    else:
        found = shown(services.past.orders(caller.partner, wanted, wanted.at))
    return page_answer(incoming, found, COMPRESSED)


@ORDERS.get("/<order_id:order>", READ_ORDER, has_no_query)
def read_order(incoming: Incoming, services: Services) -> Outgoing:
    """Read an order, as it is or was."""
    wanted = load_query(incoming, ORDER_VIEW_IN)
    tree = tree_in(wanted["fields_schema"])
    shape = shape_of(incoming, services, tree)
    ruled_out = versions_ruled_out(incoming)
    known = known_order(incoming)
    if "version" in wanted:
        answer = services.history.at_version(known, wanted["version"], incoming.caller)
    elif "at" in wanted:
        answer = services.history.at_time(known, wanted["at"], incoming.caller)
    else:
        answer = services.history.order(known, incoming.caller)
    if is_ruled_out(answer, ruled_out) and not expands(tree):
        return unchanged_answer(answer)
    return order_answer(answer, shape)


@ORDERS.get("/<order_id:order>/tickets", LIST_ORDER_TICKETS)
def list_order_tickets(incoming: Incoming, services: Services) -> Outgoing:
    """List the tickets of an order."""
    wanted = load_query(incoming, ORDER_TICKETS_IN)
    answer = services.history.order(known_order(incoming), incoming.caller)
    tickets = tickets_of([answer.order], incoming.caller, services).of(answer.order)
    begin = wanted["cursor"]
    shown = fitting(in_json(tickets[begin : begin + wanted["page_size"]]))
    end = begin + len(shown)
    return list_answer(shown, links_to(incoming, end if end < len(tickets) else None))


@ORDERS.get("/<order_id:order>/history", READ_HISTORY)
def read_history(incoming: Incoming, services: Services) -> Outgoing:
    """Read every event of an order."""
    wanted = load_query(incoming, HISTORY_IN)
    history = services.history.history(known_order(incoming), incoming.caller)
    events = [each for each in history["events"] if each["version"] > wanted["cursor"]]
    shown = fitting(in_json(events[: wanted["page_size"]]))
    cursor = events[len(shown) - 1]["version"] if len(shown) < len(events) else None
    answer = {**history, "events": [msgspec.Raw(each) for each in shown]}
    return json_answer(answer, headers=links_to(incoming, cursor))


def request_of(incoming: Incoming) -> Request:
    """The request as the service knows it. Raises `BadRequest` for a bad header."""
    key = key_of(incoming)
    return Request(
        caller=incoming.caller,
        id=incoming.id,
        versions=versions_to_match(incoming),
        ruled_out=versions_ruled_out(incoming),
        key=key,
        fingerprint=b"" if key is None else fingerprint_of(incoming),
    )


def _check_scopes(incoming: Incoming, command: ChangeOrder) -> None:
    """Refuse a key that lacks a scope for what is asked. Raises `MissingScope`.

    What moves an order towards its payment needs `payments:write`, all else `orders:write`.
    """
    pays = command.payment is not None or command.status in PAYING
    sells = (
        command.tickets is not None
        or command.customer is not None
        or command.promocodes is not None
        or command.vendor_data is not None
        or (command.status is not None and command.status not in PAYING)
    )
    if pays:
        refuse_without(incoming, MAY_PAY)
    if sells:
        refuse_without(incoming, MAY_SELL)


def _requested_shape(incoming: Incoming, services: Services) -> Shape | None:
    """How to shape the answer to a write. Faults are found before anything is written."""
    tree = tree_in(load_query(incoming, ORDER_SHAPE_IN)["fields_schema"])
    return shape_of(incoming, services, tree)
