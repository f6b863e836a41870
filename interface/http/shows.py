"""What is for sale: the events that a key may sell, and their tickets."""

from application.bootstrap import Services
from domain.refusals import ShowNotFound
from interface.http.body import load_query
from interface.http.calls import Calls
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.read_your_writes import wait_for_position
from interface.http.schemas import OBJECT_ID, NothingIn, SalesIn, TicketListIn
from interface.http.shows_contract import LIST_EVENTS, LIST_TICKETS, READ_SALES

TICKET_LIST_IN = TicketListIn()
NOTHING_IN = NothingIn()
SALES_IN = SalesIn()

SHOWS = Calls("shows", "/v1")


@SHOWS.get("/services/simple/events", LIST_EVENTS)
def list_events(incoming: Incoming, services: Services) -> Outgoing:
    """List the events that the caller may sell."""
    load_query(incoming, NOTHING_IN)
    return json_answer(services.shows.on_sale(incoming.caller))


@SHOWS.get("/resources/events/<event>/tickets", LIST_TICKETS)
def list_tickets(incoming: Incoming, services: Services) -> Outgoing:
    """List an event's tickets."""
    wanted = load_query(incoming, TICKET_LIST_IN).get("status", ())
    return json_answer(services.shows.tickets(_known_event(incoming), incoming.caller, wanted))


@SHOWS.get("/resources/events/<event>/sales", READ_SALES)
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
