"""What a person does to a webhook: a ping, a pause, and sending events again."""

import re
from datetime import datetime
from typing import Any

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.catalog.scopes import WEBHOOKS
from application.ports.webhooks import WebhookState
from application.webhooks.commands import ChangeWebhook, SendAgain, WebhookRequest
from domain.refusals import WebhookChanged
from interface.console.page_session import zone
from interface.console.webhook_view import TOO_LATE, asked_mark
from interface.http.errors import MissingScope
from interface.http.webhooks import webhook_id

REVISION = re.compile(r"[0-9]{1,9}\Z")
POSITION = re.compile(r"[1-9][0-9]{0,17}\Z")
STATES = {each.value: each for each in (WebhookState.ACTIVE, WebhookState.PAUSED)}
"""The states that a person may choose."""


class Incomplete(Exception):
    """A form lacks what it is about; the code of the sentence that says so."""


def register(routes: Blueprint, services: Services) -> None:
    """The forms of a webhook's page."""

    @routes.post("/integrations/<order_id:webhook>/ping")
    def ping_webhook(webhook: str) -> AnyResponse:
        known, asked = webhook_id(webhook), _request()
        try:
            services.webhooks.ping(known, asked)
        except WebhookChanged as refusal:
            return _back(known, failed=refusal.code)
        return _back(known, done="ping")

    @routes.post("/integrations/<order_id:webhook>/state")
    def set_webhook_state(webhook: str) -> AnyResponse:
        known, asked = webhook_id(webhook), _request()
        state = STATES.get(request.form.get("state", ""))
        if state is None:
            raise BadRequest
        try:
            services.webhooks.change(known, ChangeWebhook(state=state), asked)
        except WebhookChanged as refusal:
            if services.webhooks.find(known, g.caller).state is not state:
                return _back(known, failed=refusal.code)
        return _back(known, done=state.value)

    @routes.post("/integrations/<order_id:webhook>/again")
    def send_events_again(webhook: str) -> AnyResponse:
        known, asked = webhook_id(webhook), _request()
        try:
            wanted = _wanted(services.clock())
            number = services.webhooks.send_again(known, wanted, asked)
        except Incomplete as lack:
            return _back(known, failed=str(lack))
        except TOO_LATE as refusal:
            return _back(known, failed=refusal.code)
        done = f"onwards-{wanted.after + 1}" if wanted.after is not None else f"again-{number}"
        return _back(known, asked=done, mark=asked_mark(known, done))


def _request() -> WebhookRequest:
    """The press as a request, about the revision that its page has shown. Raises `MissingScope`."""
    if not g.caller.may(WEBHOOKS):
        raise MissingScope(WEBHOOKS)
    revision = request.form.get("revision", "")
    if not REVISION.match(revision):
        raise BadRequest
    versions = frozenset({int(revision)})
    return WebhookRequest(caller=g.caller, actor=g.caller.actor, versions=versions)


def _wanted(now: datetime) -> SendAgain:
    """What the form asks to send again. Raises `Incomplete`."""
    if request.form.get("how") == "time":
        begin = _moment("from")
        end = _moment("till") if request.form.get("till") else now
        if begin is None or end is None or begin >= end:
            raise Incomplete("no_moments")
        return SendAgain(made=(begin, end))
    position = request.form.get("position", "").strip()
    if not POSITION.match(position):
        raise Incomplete("no_position")
    if request.form.get("how") == "onwards":
        return SendAgain(after=int(position) - 1)
    return SendAgain(positions=(int(position),))


def _moment(name: str) -> datetime | None:
    """The moment in this field, by the clock of the visitor."""
    try:
        return datetime.fromisoformat(request.form.get(name, "")).replace(tzinfo=zone())
    except (ValueError, OverflowError):
        return None


def _back(webhook: str, **outcome: Any) -> AnyResponse:
    """Back to the webhook's page, with what came of the press."""
    return redirect(url_for("console.show_webhook", webhook=webhook, **outcome), 303)
