"""What is for sale: the events a key may sell, and their tickets."""

from flask import Blueprint, Response, g

from application.bootstrap import Services
from domain.refusals import ShowNotFound
from interface.http.answers import json_answer
from interface.http.body import load_query
from interface.http.contract import described
from interface.http.request_context import wait_for_position
from interface.http.schemas import OBJECT_ID, NothingIn, SalesIn, TicketListIn
from interface.http.shows_contract import LIST_EVENTS, LIST_TICKETS, READ_SALES

TICKET_LIST_IN = TicketListIn()
NOTHING_IN = NothingIn()
SALES_IN = SalesIn()


def shows_blueprint(services: Services) -> Blueprint:
    """The routes of what is for sale."""
    routes = Blueprint("shows", __name__, url_prefix="/v1")

    @routes.get("/services/simple/events")
    @described(LIST_EVENTS)
    def list_events() -> Response:
        load_query(NOTHING_IN)
        return json_answer(services.shows.on_sale(g.caller))

    @routes.get("/resources/events/<event>/tickets")
    @described(LIST_TICKETS)
    def list_tickets(event: str) -> Response:
        wanted = load_query(TICKET_LIST_IN)
        return json_answer(
            services.shows.tickets(_known(event), g.caller, wanted.get("status", ()))
        )

    @routes.get("/resources/events/<event>/sales")
    @described(READ_SALES)
    def read_sales(event: str) -> Response:
        at = load_query(SALES_IN)["at"]
        known = _known(event)
        wait_for_position(services, "sales")
        return json_answer(services.sales.sales(known, g.caller, at))

    return routes


def _known(event: str) -> str:
    """The id; refuses what cannot be one as an event that does not exist."""
    known = event.lower()
    if not OBJECT_ID.match(known):
        raise ShowNotFound(event=event)
    return known
