"""What is for sale: the events a key may sell, and their tickets."""

from flask import Blueprint, Response, g

from application.bootstrap import Services
from domain.refusals import ShowNotFound
from interface.http.answers import json_answer
from interface.http.body import load_query
from interface.http.schemas import OBJECT_ID, NothingIn, TicketListIn

TICKET_LIST_IN = TicketListIn()
NOTHING_IN = NothingIn()


def shows_blueprint(services: Services) -> Blueprint:
    """The routes of what is for sale."""
    routes = Blueprint("shows", __name__, url_prefix="/v1")

    @routes.get("/services/simple/events")
    def list_events() -> Response:
        load_query(NOTHING_IN)
        return json_answer(services.shows.on_sale(g.caller))

    @routes.get("/resources/events/<event>/tickets")
    def list_tickets(event: str) -> Response:
        wanted = load_query(TICKET_LIST_IN)
        known = event.lower()
        if not OBJECT_ID.match(known):
            raise ShowNotFound(event=event)
        return json_answer(services.shows.tickets(known, g.caller, wanted.get("status", ())))

    return routes
