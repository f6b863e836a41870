"""The resource `refund_requests`: ask for refunds, decide and pay them, read and list them."""

from application.bootstrap import Services
from application.catalog.scopes import AUDIT, ORDERS_READ, PAYMENTS_WRITE
from application.payments.document_types import RefundDocument
from application.payments.refund_service import RefundAnswer
from domain import refusals
from domain.refunds import RefundStatus
from domain.refusals import UnknownRefund
from interface.http import headers, problems, refund_schemas
from interface.http.body import load_body, load_query
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.input_fields import OBJECT_ID
from interface.http.orders import OF_A_WRITE, request_of
from interface.http.paging import links_to
from interface.http.read_your_writes import wait_for_position
from interface.http.schemas import NothingIn
from interface.http.versions import refuse_version_of_none

REFUND_IN = refund_schemas.RefundIn()
REFUND_CHANGE_IN = refund_schemas.RefundChangeIn()
REFUND_LIST_IN = refund_schemas.RefundListIn()
NOTHING_IN = NothingIn()

OF_A_COMMAND = (
    *OF_A_WRITE,
    *problems.OF_A_BODY,
    *problems.OF_A_BODY_ON_ITS_WAY,
    refusals.ChangedMeanwhile,
)

REQUEST_REFUND = Operation(
    scopes=(PAYMENTS_WRITE,),
    tag="refunds",
    summary="Ask for a refund of tickets",
    says="Asks that tickets of a done order are given back: names those that go, or those that"
    " stay. The vendor of the order and the organiser of its event may ask. What is paid back"
    " follows the event's refund policy at this moment.",
    query=NOTHING_IN,
    body=REFUND_IN,
    headers=(headers.IDEMPOTENCY_KEY,),
    answers={201: Good("The refund.", RefundDocument, headers=(headers.LOG_POSITION,))},
    refuses=(
        *OF_A_COMMAND,
        refusals.UnknownOrder,
        refusals.UnknownShow,
        refusals.NotRefundable,
        refusals.TicketNotOfOrder,
        refusals.TicketInRefund,
        refusals.NothingToRefund,
        refusals.TooManyRefunds,
        refusals.ShowHasBegun,
    ),
)

CHANGE_REFUND = Operation(
    scopes=(PAYMENTS_WRITE,),
    tag="refunds",
    summary="Approve, reject or pay a refund",
    says="Approves or rejects a new refund, which the organiser may do, and the vendor where its"
    " deal says so; or says that an approved one was paid back, which only the vendor may do. An"
    " approved refund takes the barcodes of its tickets out of force.",
    query=NOTHING_IN,
    body=REFUND_CHANGE_IN,
    headers=(headers.IDEMPOTENCY_KEY,),
    answers={201: Good("The refund.", RefundDocument, headers=(headers.LOG_POSITION,))},
    refuses=(
        *OF_A_COMMAND,
        refusals.UnknownRefund,
        refusals.MayNotApprove,
        refusals.NotTheVendor,
        refusals.RefundDecided,
        refusals.RefundExceedsMoney,
        refusals.RefundNotApproved,
    ),
)

READ_REFUND = Operation(
    scopes=(ORDERS_READ, AUDIT),
    tag="refunds",
    summary="Read a refund",
    says="The refund as it is. The vendor of its order and the organiser of the event may read it.",
    query=NOTHING_IN,
    answers={200: Good("The refund.", RefundDocument)},
    refuses=(refusals.UnknownRefund,),
)

LIST_REFUNDS = Operation(
    scopes=(ORDERS_READ, AUDIT),
    tag="refunds",
    summary="List refunds",
    says="The refunds of orders that this key's partner sold, and of events that it organises,"
    " newest first. The list is read from a read model that follows the log by a moment;"
    " X-Wait-For-Position waits for it.",
    query=REFUND_LIST_IN,
    headers=(headers.WAIT_FOR_POSITION,),
    answers={200: Good("A page of refunds.", RefundDocument, many=True, headers=(headers.LINK,))},
    refuses=(problems.BAD_CURSOR, *problems.OF_A_WAIT),
)

REFUNDS = Calls("refunds", "/v1/resources/refund_requests")


@REFUNDS.post("", REQUEST_REFUND)
def request_refund(incoming: Incoming, services: Services) -> Outgoing:
    """Ask for a refund."""
    load_query(incoming, NOTHING_IN)
    wanted = load_body(incoming, REFUND_IN)
    request = request_of(incoming)
    refuse_version_of_none(request.versions)
    return _written(services.refunds.request(wanted, request))


@REFUNDS.patch("/<order_id:refund>", CHANGE_REFUND)
def change_refund(incoming: Incoming, services: Services) -> Outgoing:
    """Decide about a refund, or say that it was paid."""
    load_query(incoming, NOTHING_IN)
    status = load_body(incoming, REFUND_CHANGE_IN)
    request = request_of(incoming)
    refuse_version_of_none(request.versions)
    refund = _known_refund(incoming)
    if status is RefundStatus.PAID:
        return _written(services.refunds.pay(refund, request))
    return _written(services.refunds.decide(refund, status, request))


@REFUNDS.get("", LIST_REFUNDS, waits_for="refunds")
def list_refunds(incoming: Incoming, services: Services) -> Outgoing:
    """List the caller's refunds."""
    wanted = load_query(incoming, REFUND_LIST_IN)
    wait_for_position(incoming, services, "refunds")
    page = services.refunds.page(incoming.caller, wanted)
    return json_answer(page.refunds, headers=links_to(incoming, page.cursor))


@REFUNDS.get("/<order_id:refund>", READ_REFUND)
def read_refund(incoming: Incoming, services: Services) -> Outgoing:
    """Read a refund."""
    load_query(incoming, NOTHING_IN)
    return json_answer(services.refunds.read(_known_refund(incoming), incoming.caller))


def _written(answer: RefundAnswer) -> Outgoing:
    return json_answer(answer.document, 201, (("X-Log-Position", str(answer.position)),))


def _known_refund(incoming: Incoming) -> str:
    """The refund that the path names. Raises `UnknownRefund` if it is no id."""
    refund = incoming.arguments["refund"]
    if not OBJECT_ID.match(refund):
        raise UnknownRefund(refund=refund)
    return refund
