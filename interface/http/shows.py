"""What is for sale: the events that a key may sell, and their tickets."""

from marshmallow import Schema

from application.bootstrap import Services
from application.catalog.availability import TicketPage
from application.catalog.document_types import TicketDocument
from application.catalog.scopes import AUDIT, EVENTS_READ
from application.catalog.show_document_types import ShowDocument
from application.orders.document_types import SalesDocument
from domain import refusals
from domain.refusals import ShowNotFound
from interface.http import headers, paging, schemas
from interface.http.body import load_query
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.exchange import (
    Incoming,
    Outgoing,
    json_answer,
)
from interface.http.headers import WAIT_FOR_POSITION
from interface.http.input_fields import OBJECT_ID, Moment
from interface.http.paging import is_plain_page
from interface.http.problems import BAD_IF_NONE_MATCH, OF_A_WAIT
from interface.http.read_your_writes import wait_for_position
from interface.http.show_schemas import EventListIn
from interface.http.validators import OF_A_PAGE, UNCHANGED, KeptCompressed, page_answer


class SalesIn(Schema):
    """Sales now, or as of a moment."""

    at = Moment(
        load_default=None, metadata={"description": "The numbers as they were at this moment."}
    )


TICKET_LIST_IN = schemas.TicketListIn()
EVENT_LIST_IN = EventListIn()
NOTHING_IN = schemas.NothingIn()
COMPRESSED = KeptCompressed(64)
SALES_IN = SalesIn()

LIST_EVENTS = Operation(
    scopes=(EVENTS_READ, AUDIT),
    tag="events",
    summary="List the events that the key may sell",
    says="The events of the key's partner and those for which it has a deal, soonest first unless"
    " sort says otherwise, with their ticket sets, how many tickets are vacant, and the price"
    " rules. With more events than page_size there are several pages: follow the Link.",
    query=EVENT_LIST_IN,
    headers=(headers.IF_NOT_AS_KNOWN,),
    answers={
        200: Good("A page of events.", ShowDocument, many=True, headers=(headers.LINK, *OF_A_PAGE)),
        304: UNCHANGED,
    },
    refuses=(BAD_IF_NONE_MATCH,),
)

READ_EVENT = Operation(
    scopes=(EVENTS_READ, AUDIT),
    tag="events",
    summary="Read an event that the key may sell",
    says="The event as the list of events has it.",
    query=NOTHING_IN,
    headers=(headers.IF_NOT_AS_KNOWN,),
    answers={200: Good("The event.", ShowDocument, headers=OF_A_PAGE), 304: UNCHANGED},
    refuses=(refusals.ShowNotFound, BAD_IF_NONE_MATCH),
)

LIST_TICKETS = Operation(
    scopes=(EVENTS_READ, AUDIT),
    tag="event tickets",
    summary="List an event's tickets, by pages",
    says="The tickets of the event by their numbers, as they are at this moment, or only those of"
    " the given statuses. An event with more tickets than page_size has several pages: follow the"
    " Link.",
    query=TICKET_LIST_IN,
    headers=(headers.IF_NOT_AS_KNOWN,),
    answers={
        200: Good(
            "A page of tickets.",
            TicketDocument,
            many=True,
            headers=(headers.LINK, *OF_A_PAGE),
        ),
        304: UNCHANGED,
    },
    refuses=(refusals.ShowNotFound, BAD_IF_NONE_MATCH),
)

READ_SALES = Operation(
    scopes=(EVENTS_READ, AUDIT),
    tag="events",
    summary="Read how an event sells",
    says="The tickets held, sold and returned: in all, by day, and by set and day. The numbers are"
    " read from a read model that follows the log by a moment; X-Wait-For-Position waits for it."
    " With `at` they are what they were at that moment, counted anew from the event's orders.",
    query=SALES_IN,
    headers=(WAIT_FOR_POSITION,),
    answers={200: Good("The sales.", SalesDocument)},
    refuses=(refusals.ShowNotFound, *OF_A_WAIT),
)


SHOWS = Calls("shows", "/v1")


@SHOWS.get("/services/simple/events", LIST_EVENTS, is_plain_page)
def list_events(incoming: Incoming, services: Services) -> Outgoing:
    """List the events that the caller may sell."""
    wanted, page, size = load_query(incoming, EVENT_LIST_IN)
    found = services.show_list.page(incoming.caller, wanted, page, size, paging.MOST_BYTES)
    return page_answer(incoming, found, COMPRESSED, "page")


@SHOWS.get("/services/simple/events/<event>", READ_EVENT, is_plain_page)
def read_event(incoming: Incoming, services: Services) -> Outgoing:
    """Read an event that the caller may sell."""
    load_query(incoming, NOTHING_IN)
    found = services.show_list.one(incoming.caller, _known_event(incoming))
    return page_answer(incoming, found, COMPRESSED)


@SHOWS.get("/resources/events/<event>/tickets", LIST_TICKETS, is_plain_page)
def list_tickets(incoming: Incoming, services: Services) -> Outgoing:
    """List an event's tickets."""
    wanted = load_query(incoming, TICKET_LIST_IN)
    page = TicketPage(
        statuses=tuple(wanted.get("status", ())), after=wanted["cursor"], limit=wanted["page_size"]
    )
    event, caller = _known_event(incoming), incoming.caller
    found = services.ticket_pages.page(event, caller, page, paging.MOST_BYTES)
    return page_answer(incoming, found, COMPRESSED)


@SHOWS.get("/resources/events/<event>/sales", READ_SALES, waits_for="sales")
def read_sales(incoming: Incoming, services: Services) -> Outgoing:
    """Read how an event sells."""
    at = load_query(incoming, SALES_IN)["at"]
    known = _known_event(incoming)
    wait_for_position(incoming, services, "sales")
    return json_answer(services.sales.sales(known, incoming.caller, at))


def _known_event(incoming: Incoming) -> str:
    """The event's id; refuses what cannot be one as an event that does not exist."""
    event = incoming.arguments["event"]
    known = event.lower()
    if not OBJECT_ID.match(known):
        raise ShowNotFound(event=event)
    return known
