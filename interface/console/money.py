"""The page of money: what waits for a person, sums, and every order's; and what a person decides.

The buttons are the only ones of the console that change an order: each press is one event, by the
key that was signed in with.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.catalog.scopes import PAYMENTS_WRITE
from application.orders.commands import Request
from application.payments.queries import PaymentFilter, PaymentPage
from application.payments.resolving import RESOLUTIONS
from application.payments.unknown_buyers import NoSuchNotice, NoticeResolution
from application.ports.store import StoreUnavailable
from application.projector.read_your_writes import wait_until_shown
from domain.errors import UserError
from domain.refusals import NothingToResolve
from interface.console.failures import FormTooOld
from interface.console.money_view import (
    AMOUNTS,
    TOO_LATE,
    OrderMoney,
    money_with_timeline,
    new_key,
    outcome_of,
)
from interface.http.errors import MissingScope
from interface.http.input_fields import OBJECT_ID
from interface.http.order_in_path import known_id

PAGE = 50
CASES = 10
"""How many of those that wait a page has: each is shown with its timeline."""
MOST_NOTE = 500
SHOWN_SECONDS = 2.0
"""How long a press waits for the list to show it."""
KEY = re.compile(r"[0-9a-f]{32}\Z")
VERSION = re.compile(r"[0-9]{1,9}\Z")


def register(routes: Blueprint, services: Services) -> None:
    """The page of money."""

    @routes.get("/money")
    def show_money() -> AnyResponse:
        wanted = _wanted()
        waits = services.payments.page(g.caller, _waiting())
        page = render_template(
            "console/money.html",
            amounts=AMOUNTS,
            cases=[_case(services, each["order"]) for each in waits.documents if each["order"]],
            notices=[each for each in waits.documents if each["notice"]],
            more_waits=waits.cursor,
            totals=services.payments.totals(g.caller, wanted),
            found=_page(services, wanted),
            wanted=wanted,
            shows=services.shows.visible_heads(g.caller),
            show_title=lambda show: services.shows.show(show)["title"]["text"],
            seller=lambda partner: services.shows.partner(partner)["name"],
            system_name=lambda system: _system_name(services, system),
            may_resolve=g.caller.sees_all and g.caller.may(PAYMENTS_WRITE),
            key=new_key(),
            **outcome_of(services),
        )
        return Response(page)

    _register_presses(routes, services)


def _register_presses(routes: Blueprint, services: Services) -> None:
    @routes.post("/money/orders/<order_id:order>")
    def decide_money(order: str) -> AnyResponse:
        known, resolution, note = known_id(order), _resolution(RESOLUTIONS), _note()
        currency = request.form.get("currency")
        asked = _request(resolution, currency or "", note)
        if not note:
            return _back(known, failed="note")
        return _pressed(
            services,
            known,
            lambda: services.resolver.resolve(known, resolution, asked, currency, note).position,
        )

    @routes.post("/money/orders/<order_id:order>/refunds/<order_id:refund>")
    def pay_refund(order: str, refund: str) -> AnyResponse:
        known = known_id(order)
        asked = _request("paid", known_id(refund))
        return _pressed(services, known, lambda: services.refunds.pay(refund, asked).position)

    @routes.post("/money/notices/<name>")
    def resolve_notice(name: str) -> AnyResponse:
        resolution, note = NoticeResolution(_resolution(tuple(NoticeResolution))), _note()
        asked = _request(resolution, note)
        if not note:
            return _back(None, failed="note")
        try:
            notice = services.unknown_buyers.resolve(name, resolution, asked, note)
        except NoSuchNotice:
            raise NotFound from None
        if notice.resolved_by != g.caller.actor:
            return _back(None, failed=NothingToResolve.code)
        return _back(None, notice=name)


def _pressed(services: Services, order: str, press: Callable[[], int]) -> AnyResponse:
    """Carry out what a press decides about an order, and go back to its page."""
    try:
        position = press()
    except TOO_LATE as refusal:
        return _back(order, failed=refusal.code)
    _wait_for(services, position)
    return _back(order, decided=order)


def _waiting() -> PaymentFilter:
    return PaymentFilter(attention=True, page_size=CASES, cursor=request.args.get("waits") or None)


def _wanted() -> PaymentFilter:
    """The filter of the form. Invalid values are ignored."""
    show = request.args.get("event", "")
    attention = {"true": True, "false": False}.get(request.args.get("attention", ""))
    return PaymentFilter(
        attention=attention,
        unknown_buyers=False,
        show=show if OBJECT_ID.match(show) else None,
        page_size=PAGE,
        cursor=request.args.get("cursor") or None,
    )


def _page(services: Services, wanted: PaymentFilter) -> PaymentPage:
    return services.payments.page(g.caller, wanted)


def _case(services: Services, order: str) -> OrderMoney:
    """An order whose money waits, from its events: so it is never late."""
    return money_with_timeline(services, services.history.order(order, g.caller))


def _system_name(services: Services, system: str) -> str:
    known = services.catalog.current().systems.get(system)
    return system if known is None else known.alias


def _resolution(known: tuple[str, ...]) -> str:
    resolution = request.form.get("resolution", "")
    if resolution not in known:
        raise BadRequest
    return resolution


def _note() -> str:
    return request.form.get("note", "").strip()[:MOST_NOTE]


def _request(*asked: str) -> Request:
    """The press as a request: the form's key makes it count once, its version is the one seen.

    Raises `MissingScope`, `FormTooOld`.
    """
    if not g.caller.may(PAYMENTS_WRITE):
        raise MissingScope(PAYMENTS_WRITE)
    key, version = request.form.get("key", ""), request.form.get("version", "")
    if not KEY.match(key):
        raise FormTooOld
    return Request(
        g.caller,
        g.request_id,
        versions=frozenset({int(version)}) if VERSION.match(version) else None,
        key=f"console-{key}",
        fingerprint=hashlib.sha256("\0".join((request.path, version, *asked)).encode()).digest(),
    )


def _wait_for(services: Services, position: int) -> None:
    """Wait a moment until the lists show what was decided."""
    with suppress(UserError, StoreUnavailable):
        for name in ("payments", "balances"):
            wait_until_shown(services.store, name, position, SHOWN_SECONDS)


def _back(order: str | None, **outcome: Any) -> AnyResponse:
    """Back to the page with the form that was sent, with what came of it."""
    if order is not None and request.form.get("back") == "order":
        return redirect(url_for("console.show_order", order=order, **outcome), 303)
    return redirect(url_for("console.show_money", **outcome), 303)
