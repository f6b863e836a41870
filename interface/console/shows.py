"""The pages of shows: seats with their present owners, and sales by day."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.catalog.seating import Hall
from application.orders.document_types import SalesDocument
from domain.refusals import ShowNotFound
from interface.http.input_fields import OBJECT_ID
from interface.http.read_your_writes import POSITION

MOST_SEATS = 6000
"""Shows with more seats are shown by their sets only."""

SHOWN_DAYS = 60
COUNTS = ("orders", "held", "sold", "returned")


def register(routes: Blueprint, services: Services) -> None:
    """The pages of shows."""

    @routes.get("/shows")
    def list_shows() -> AnyResponse:
        shows = services.shows.visible(g.caller)
        return Response(render_template("console/shows.html", shows=shows, organiser=_organiser))

    @routes.get("/shows/<event>")
    def show_hall(event: str) -> AnyResponse:
        hall = services.seating.hall(_known(event), g.caller)
        page = render_template(
            "console/show.html",
            drawn=len(hall.states) <= MOST_SEATS,
            sales=_sales(services, event),
            currency=services.catalog.current().currency(event),
            organiser=_organiser(hall.show.org),
            **_live(hall),
        )
        return Response(page)

    @routes.get("/shows/<event>/live")
    def watch_hall(event: str) -> AnyResponse:
        services.shows.seen(_known(event), g.caller)
        seen = request.args.get("seen", "")
        if POSITION.match(seen) and not services.seating.has_news(int(seen)):
            return Response(status=204)
        hall = services.seating.hall(event, g.caller)
        return Response(render_template("console/show_live.html", **_live(hall)))

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


def _live(hall: Hall) -> dict[str, Any]:
    """The part of the page that is refreshed."""
    totals = {sale: sum(plan.counts[sale] for plan in hall.sets) for sale in hall.sets[0].counts}
    return {"hall": hall, "totals": totals}


def _sales(services: Services, event: str) -> dict[str, Any] | None:
    """The sales of the show; None for a partner that does not organise it."""
    try:
        sales = services.sales.sales(event, g.caller)
    except ShowNotFound:
        return None
    return shown_sales(sales)


def shown_sales(sales: SalesDocument) -> dict[str, Any]:
    """Sales with the last days, also those on which nothing happened, and the sum of all before."""
    days = list(_every_day(sales["days"]))[-SHOWN_DAYS:]
    before = [each for each in sales["days"] if each["day"] < str(days[0]["day"])]
    return {**sales, "days": days, "before": _sum(before) if before else None}


def _sum(days: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of many days together, so that what is shown adds up."""

    def money(amount: Callable[[Mapping[str, Any]], str]) -> str:
        return f"{sum((Decimal(amount(each)) for each in days), Decimal()):.2f}"

    return {
        **{name: sum(each[name] for each in days) for name in COUNTS},
        "values": {"full": money(lambda each: each["values"]["full"])},
        "refunds": {"value": money(lambda each: each["refunds"]["value"])},
        "net": money(lambda each: each["net"]),
        "disputes": {
            "opened": money(lambda each: each["disputes"]["opened"]),
            "lost": money(lambda each: each["disputes"]["lost"]),
        },
    }


def _every_day(days: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The days from the first to the last, with those on which nothing happened."""
    known = {date.fromisoformat(each["day"]): each for each in days}
    if not known:
        return
    day = min(known)
    while day <= max(known):
        yield {**(known.get(day) or _sum([])), "day": day}
        day += timedelta(days=1)
