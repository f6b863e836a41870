"""The pages to find orders, and to view one as it is and as it was."""

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.catalog.scopes import BARCODES_READ
from application.documents.order import order_document
from application.documents.order_types import CustomerDocument, OrderDocument
from application.integrity.order_status import integrity_status_of
from application.orders.commands import Answer
from application.orders.queries import OrderFilter
from application.orders.search import MOST_COUNTED, StatusCounts
from domain.order import Order
from domain.refusals import NotYetCreated
from domain.status import Status
from interface.console.money_view import AMOUNTS, order_money, outcome_of
from interface.console.order_view import order_then
from interface.console.page_session import teller, zone
from interface.http.order_in_path import known_id

NOT_COUNTED = StatusCounts(None)
PAGE = 50
VERSION = re.compile(r"[0-9]{1,9}\Z")


def register(routes: Blueprint, services: Services) -> None:
    """The pages of orders."""

    @routes.get("/orders")
    def find_orders() -> AnyResponse:
        text = request.args.get("q", "").strip()
        wanted = _wanted()
        found = services.search.find(g.caller, text, wanted)
        if len(found.orders) == 1 and _names(text, found.orders[0]):
            return redirect(url_for("console.show_order", order=found.orders[0]["id"]))
        shows = services.shows.visible_heads(g.caller)
        counts = NOT_COUNTED if text else services.search.counts(g.caller, wanted)
        page = render_template(
            "console/orders.html",
            found=found,
            orders=[_row(services, each) for each in found.orders],
            text=text,
            statuses=list(Status),
            wanted=wanted,
            counts=counts,
            most_counted=MOST_COUNTED,
            shows=shows,
            chips=_chips({each["id"]: each["title"]["text"] for each in shows}),
            toggled=toggled,
            narrowed=any(request.args.get(name) for name in ("event", "from", "till")),
        )
        return Response(page)

    _register_order(routes, services)


def _register_order(routes: Blueprint, services: Services) -> None:
    @routes.get("/orders/<order_id:order>")
    def show_order(order: str) -> AnyResponse:
        known = known_id(order)
        answer = services.history.order(known, g.caller)
        seen, missing = _seen(services, known, answer)
        then, version = seen.order, seen.order.version
        diff = services.history.diff(known, version - 1, version, g.caller)
        part = "HX-Request" in request.headers
        page = render_template(
            "console/order_then.html" if part else "console/order.html",
            order=answer.order,
            status=answer.order.status_at(answer.at),
            shown=_shown(seen, answer),
            part=part,
            show=services.shows.show(answer.order.show),
            currency=services.catalog.current().currency(answer.order.show),
            seller=services.shows.partner(answer.order.vendor)["name"],
            timeline=services.timelines.explain(known, teller(), g.caller),
            then=order_then(services, then, diff["changes"], g.caller),
            integrity_status=None if part else integrity_status_of(services.store, known),
            may_prove=g.caller.may(BARCODES_READ),
            missing=missing,
            money_then=order_money(services, seen, g.caller),
            amounts=AMOUNTS,
            **outcome_of(services),
        )
        return Response(page)

    @routes.get("/orders/<order_id:order>/news")
    def order_news(order: str) -> AnyResponse:
        answer = services.history.order(known_id(order), g.caller)
        if str(answer.order.version) == request.args.get("version"):
            return Response(status=204)
        return Response(render_template("console/order_news.html", order=answer.order))


class Chip(msgspec.Struct, frozen=True):
    """Something that narrows the list, and the address of the list without it."""

    name: str
    value: str
    without: str


def _chips(titles: Mapping[str, str]) -> list[Chip]:
    """What the list is narrowed by, besides statuses."""
    chosen = [(name, request.args.get(name, "").strip()) for name in ("q", "event", "from", "till")]
    return [
        Chip(name, titles.get(value, value), toggled(name, value))
        for name, value in chosen
        if value
    ]


def toggled(name: str, value: str) -> str:
    """The address of this list with this term, or without it if it has it; from its start.

    Without a value, it has no term of this name at all.
    """
    query = [
        pair
        for pair in request.args.items(multi=True)
        if pair[1] and pair[0] not in {"cursor", "language"}
    ]
    if not value:
        query = [pair for pair in query if pair[0] != name]
    elif any(pair[0] == name and pair[1].strip() == value for pair in query):
        query = [pair for pair in query if pair[0] != name or pair[1].strip() != value]
    else:
        query.append((name, value))
    return request.path + (f"?{urlencode(query)}" if query else "")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown above the versions: the order as it is or, in the `past`, as it was `at`."""

    order: Order
    at: datetime
    status: Status
    buyer: str | None
    email: str | None
    mobile: str | None
    past: bool


def _shown(seen: Answer, now: Answer) -> Shown:
    """The order as it was `seen`, which is the past if it has changed since."""
    status = seen.order.status_at(seen.at)
    past = seen.order.version != now.order.version or status is not now.order.status_at(now.at)
    customer = order_document(seen.order, seen.at)["customer"]
    return Shown(
        order=seen.order,
        at=seen.at,
        status=status,
        buyer=buyer(customer),
        email=customer.get("email"),
        mobile=customer.get("mobile"),
        past=past,
    )


def _seen(services: Services, order: str, now: Answer) -> tuple[Answer, bool]:
    """The order as requested, and whether a moment before its creation was requested.

    The last version is the order as it is `now`.
    """
    try:
        at = datetime.fromisoformat(request.args.get("at", "")).replace(tzinfo=zone())
        return services.history.at_time(order, at, g.caller), False
    except NotYetCreated:
        return services.history.at_version(order, 1, g.caller), True
    except (ValueError, OverflowError):
        wanted = request.args.get("version", str(now.order.version))
        if wanted == str(now.order.version):
            return now, False
        version = int(wanted) if VERSION.match(wanted) else 0
        return services.history.at_version(order, version, g.caller), False


def _names(text: str, order: OrderDocument) -> bool:
    """Whether a text is the number or the id of an order, and so nothing else."""
    return text.lower() == order["id"] or text.lstrip("#№ ") == str(order["number"])


def _wanted() -> OrderFilter:
    """The filter of the form. Invalid values are ignored."""
    return OrderFilter(
        statuses=tuple(each for each in Status if each.value in request.args.getlist("status")),
        show=request.args.get("event") or None,
        created_from=_day("from"),
        created_till=_day("till", 1),
        page_size=PAGE,
        cursor=request.args.get("cursor") or None,
    )


def _day(name: str, after: int = 0) -> datetime | None:
    """The start of the day in this field, in the visitor's time zone, plus some days."""
    try:
        day = datetime.fromisoformat(request.args.get(name, "")).date() + timedelta(days=after)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), zone())


def _row(services: Services, order: OrderDocument) -> dict[str, Any]:
    """An order as the list shows it."""
    return {
        **order,
        "buyer": buyer(order["customer"]),
        "show": services.shows.show(order["event"])["title"]["text"],
        "seller": services.shows.partner(order["vendor"])["name"],
    }


def buyer(customer: CustomerDocument) -> str | None:
    """The name to show for the buyer, from the known fields."""
    names = " ".join(filter(None, (customer.get("first_name"), customer.get("last_name"))))
    return names or customer.get("email") or customer.get("mobile")
