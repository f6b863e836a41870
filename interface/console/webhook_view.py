"""The view of webhooks: where each stands and what waits, in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from flask import g, request

from application.bootstrap import Services
from application.catalog.scopes import WEBHOOKS
from application.ports.webhooks import Attempt, Webhook
from application.webhooks.backlog import Backlog
from application.webhooks.commands import DeliveryFilter
from application.webhooks.document_types import WebhookDocument
from application.webhooks.service import may_change
from domain.refusals import (
    EventNotOfWebhook,
    PositionAhead,
    Refusal,
    TooManyToSendAgain,
    WebhookChanged,
)

TOO_LATE: tuple[type[Refusal], ...] = (
    *(WebhookChanged, EventNotOfWebhook),
    *(PositionAhead, TooManyToSendAgain),
)
"""The refusals that a webhook's page explains."""

FAILED = frozenset({"no_position", "no_moments", *(each.code for each in TOO_LATE)})
"""Why nothing came of a press."""

UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


class ShownWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as its page and the list show it; `waits` is for how many seconds."""

    webhook: Webhook
    document: WebhookDocument
    backlog: Backlog
    partner: str
    waits: float | None
    mine: bool


def shown_webhooks(services: Services, webhooks: Sequence[Webhook]) -> list[ShownWebhook]:
    """Webhooks with where they stand and what waits."""
    documents = services.webhooks.documents(webhooks)
    waiting = services.webhooks.backlogs(webhooks)
    now = services.clock()
    return [
        ShownWebhook(
            webhook=each,
            document=document,
            backlog=waiting[each.id],
            partner=services.shows.partner(each.partner)["name"] or each.partner,
            waits=_seconds_since(waiting[each.id].since, now),
            mine=g.caller.may(WEBHOOKS) and may_change(g.caller, each),
        )
        for each, document in zip(webhooks, documents, strict=True)
    ]


def _seconds_since(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max((now - moment).total_seconds(), 0.0)


def lasting(seconds: float) -> str:
    """A span of time, in the largest unit that it fills."""
    for name, unit in UNITS:
        if seconds >= unit:
            return str(g.language.say(f"lasting.{name}", n=g.language.number(int(seconds // unit))))
    return str(g.language.say("lasting.moment"))


def why(reason: str) -> str:
    """Why something is not confirmed, or a webhook not active, as a sentence."""
    name, _, status = reason.partition("_")
    if name == "answered" and status.isdigit():
        return str(g.language.say("webhook_reason.answered", status=status))
    known = f"webhook_reason.{reason}"
    return str(g.language.say(known)) if g.language.knows(known) else reason


def outcome_of(services: Services, webhook: Webhook) -> dict[str, Any]:
    """What came of the press before: from what is recorded, or marked by this session."""
    done, failed = request.args.get("done", ""), request.args.get("failed", "")
    outcome: dict[str, Any] = {"failed": failed if failed in FAILED else None, "done": None}
    if done == "ping":
        outcome["ping"] = _last_ping(services, webhook)
    elif done == webhook.state.value:
        outcome["done"] = done
    elif (asked := request.args.get("asked", "")) and _is_marked(webhook, asked):
        how, _, number = asked.partition("-")
        outcome |= {"done": how, "asked": int(number)}
    return outcome


def asked_mark(webhook: str, asked: str) -> str:
    """The mark of what was asked to be sent again, such as `again-3`."""
    return str(g.page_session.session.mark(f"{webhook} {asked}"))


def _is_marked(webhook: Webhook, asked: str) -> bool:
    return request.args.get("mark", "") == asked_mark(webhook.id, asked)


def _last_ping(services: Services, webhook: Webhook) -> Attempt | None:
    pings = DeliveryFilter(limit=1, position=0)
    return next(iter(services.webhooks.deliveries(webhook.id, g.caller, pings)), None)
