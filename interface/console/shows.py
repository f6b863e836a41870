"""The pages of shows: seats with their present owners, and sales by day."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.catalog.seating import Hall
from application.orders.document_types import SalesDocument
from domain.refusals import ShowNotFound
from interface.console.show_view import figures, shown_sales, zone_of
from interface.http.input_fields import OBJECT_ID
from interface.http.read_your_writes import POSITION

MOST_SEATS = 6000
"""Shows with more seats are shown by their sets only."""


def register(routes: Blueprint, services: Services) -> None:
    """The pages of shows."""

    @routes.get("/shows")
    def list_shows() -> AnyResponse:
        shows = services.shows.visible(g.caller)
        return Response(render_template("console/shows.html", shows=shows, organiser=_organiser))

    @routes.get("/shows/<event>")
    def show_hall(event: str) -> AnyResponse:
        hall = services.seating.hall(_known(event), g.caller, MOST_SEATS)
        live = _live(services, hall)
        place = zone_of(hall.show)
        page = render_template(
            "console/show.html",
            shown=live["sales"] and _by_days(services, hall, place),
            place=place,
            organiser=_organiser(hall.show.org),
            **live,
        )
        return Response(page)

    @routes.get("/shows/<event>/live")
    def watch_hall(event: str) -> AnyResponse:
        services.shows.seen(_known(event), g.caller)
        seen = request.args.get("seen", "")
        if POSITION.match(seen) and not services.seating.has_news(int(seen)):
            return Response(status=204)
        hall = services.seating.hall(event, g.caller, MOST_SEATS)
        return Response(render_template("console/show_live.html", **_live(services, hall)))

    @routes.get("/shows/<event>/tickets/<ticket>")
    def open_ticket(event: str, ticket: str) -> AnyResponse:
        show = services.shows.seen(_known(event), g.caller)
        order = services.seating.holder(show.id, _known(ticket))
        if order is None:
            return redirect(url_for("console.show_hall", event=show.id))
        return redirect(url_for("console.show_order", order=order))

    def _organiser(partner: str) -> str:
        return str(services.shows.partner(partner)["name"])


def _known(text: str) -> str:
    """The id in a path, in small letters; an invalid one is not found."""
    known = text.lower()
    if not OBJECT_ID.match(known):
        raise ShowNotFound(event=text)
    return known


def _live(services: Services, hall: Hall) -> dict[str, Any]:
    """The part of the page that is refreshed."""
    return {
        "hall": hall,
        "figures": figures(hall, services.clock()),
        "currency": hall.show.currency,
        "sales": _sales(services, hall.show.id),
    }


def _by_days(services: Services, hall: Hall, place: ZoneInfo) -> dict[str, Any]:
    """The sales of the show by the days of its place, up to now or the show."""
    sales = services.sales.local_days(hall.show.id, g.caller, place)
    moments = (hall.show.starts_at, services.clock())
    return shown_sales(sales, *(moment.astimezone(place).date() for moment in moments))


def _sales(services: Services, event: str) -> SalesDocument | None:
    """The sales of the show; None for a partner that does not organise it."""
    try:
        return services.sales.sales(event, g.caller)
    except ShowNotFound:
        return None
