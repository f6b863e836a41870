"""Finding orders."""

from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.order_queries import OrderFilter
from domain.status import Status
from interface.console.visit import zone

PAGE = 50


def register(routes: Blueprint, services: Services) -> None:
    """The pages of orders."""

    @routes.get("/orders")
    def find_orders() -> AnyResponse:
        text = request.args.get("q", "").strip()
        wanted = _wanted()
        found = services.search.find(g.caller, text, wanted)
        if len(found.orders) == 1 and _names(text, found.orders[0]):
            return redirect(url_for("console.show_order", order=found.orders[0]["id"]))
        page = render_template(
            "console/orders.html",
            found=found,
            orders=[_row(services, each) for each in found.orders],
            text=text,
            statuses=list(Status),
            wanted=wanted,
            shows=services.shows.visible(g.caller),
            narrowed=any(request.args.get(name) for name in ("status", "event", "from", "till")),
        )
        return Response(page)

    @routes.get("/orders/<order_id:order>")
    def show_order(order: str) -> AnyResponse:
        answer = services.history.order(order, g.caller)
        return Response(render_template("console/order.html", order=answer.order))


def _names(text: str, order: dict[str, Any]) -> bool:
    """Whether a text is the number or the id of an order: then nothing else was meant."""
    return text.lower() == order["id"] or text.lstrip("#№ ") == str(order["number"])


def _wanted() -> OrderFilter:
    """What the form asks for. What makes no sense narrows nothing."""
    return OrderFilter(
        statuses=tuple(each for each in Status if each.value in request.args.getlist("status")),
        show=request.args.get("event") or None,
        created_from=_day("from"),
        created_till=_day("till", 1),
        page_size=PAGE,
        cursor=request.args.get("cursor") or None,
    )


def _day(name: str, after: int = 0) -> datetime | None:
    """When the day in this field begins by the visitor's clock, or so many days after it."""
    try:
        day = datetime.fromisoformat(request.args.get(name, "")).date() + timedelta(days=after)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), zone())


def _row(services: Services, order: dict[str, Any]) -> dict[str, Any]:
    """An order as the list shows it."""
    customer = order["customer"]
    names = (customer.get("first_name"), customer.get("last_name"))
    return {
        **order,
        "buyer": " ".join(filter(None, names)) or customer.get("email") or customer.get("mobile"),
        "show": services.shows.show(order["event"])["title"]["text"],
        "seller": services.shows.partner(order["vendor"])["name"],
    }
