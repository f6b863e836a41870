"""The pages of integrations: webhooks, where each stands, and the log of its deliveries."""

import re
from contextlib import suppress

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.feed.counts import FEED_COUNTS
from application.feed.reading import Wanted
from application.feed.thin_event import PREFIX
from application.ports.webhooks import Webhook, WebhookState
from application.webhooks.commands import DeliveryFilter
from domain.refusals import PositionAhead, UnknownShow
from interface.console.webhook_view import lasting, outcome_of, shown_webhooks, why
from interface.http.input_fields import OBJECT_ID
from interface.http.webhooks import webhook_id

PAGE = 25
TRIES = 50
LANES = 10
"""How many of the orders that wait a webhook's page has."""
NUMBER = re.compile(r"[0-9]{1,18}\Z")


def register(routes: Blueprint, services: Services) -> None:
    """The pages of integrations."""

    @routes.get("/integrations")
    def list_webhooks() -> AnyResponse:
        cursor, state = request.args.get("cursor", ""), _state()
        after = cursor if OBJECT_ID.match(cursor) else ""
        found = services.webhooks.page(g.caller, after, PAGE + 1, state)
        page = render_template(
            "console/integrations.html",
            webhooks=shown_webhooks(services, found[:PAGE]),
            cursor=found[PAGE - 1].id if len(found) > PAGE else None,
            state=state,
            states=services.store.webhooks().totals().states if g.caller.sees_all else {},
            readers=FEED_COUNTS.total() if g.caller.sees_all else None,
            lasting=lasting,
            why=why,
        )
        return Response(page)

    @routes.get("/integrations/<order_id:webhook>")
    def show_webhook(webhook: str) -> AnyResponse:
        known = services.webhooks.find(webhook_id(webhook), g.caller)
        return Response(_webhook_page(services, known))

    @routes.get("/integrations/events/<at>")
    def open_event(at: str) -> AnyResponse:
        position = int(at) if NUMBER.match(at) else 0
        mine = Wanted(partner=None if g.caller.sees_all else g.caller.partner)
        with suppress(PositionAhead):
            for each in services.feed.read(max(position - 1, 0), 1, mine, scan=1).events:
                if each.position == position:
                    order = {"order": each.order, "version": each.version}
                    return redirect(url_for("console.show_order", **order))  # type: ignore[arg-type]
        raise NotFound


def _webhook_page(services: Services, known: Webhook) -> str:
    (shown,) = shown_webhooks(services, [known])
    waiting = services.webhooks.waiting(known.id, g.caller)[:LANES]
    now = {"it": shown, "waiting": waiting, "lasting": lasting, "why": why}
    if "HX-Request" in request.headers:
        return render_template("console/webhook_now.html", **now)
    wanted = _wanted_tries()
    tries = services.webhooks.deliveries(known.id, g.caller, wanted)
    return render_template(
        "console/webhook.html",
        **now,
        types=[each.removeprefix(PREFIX) for each in known.types],
        shows=[_title(services, each) for each in known.shows],
        tries=tries,
        wanted=wanted,
        before=tries[-1].id if len(tries) == TRIES else None,
        **outcome_of(services, known),
    )


def _state() -> WebhookState | None:
    """The state that the list is narrowed to."""
    with suppress(ValueError):
        return WebhookState(request.args.get("state", ""))
    return None


def _wanted_tries() -> DeliveryFilter:
    """The filter of the log. Invalid values are ignored."""
    return DeliveryFilter(
        limit=TRIES,
        before=_number("before"),
        position=_number("position"),
        failed=request.args.get("failed_only") == "true",
    )


def _number(name: str) -> int | None:
    value = request.args.get(name, "")
    return int(value) if NUMBER.match(value) else None


def _title(services: Services, show: str) -> str:
    """The title of a show; the id of one that the catalogue does not have."""
    try:
        return str(services.shows.show(show)["title"]["text"])
    except UnknownShow:
        return show
