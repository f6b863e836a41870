"""The documents about webhooks, as they are encoded."""

from typing import Annotated, TypedDict

from msgspec import Meta

from application.catalog.key_secret import KeySecret
from application.documents.fields import Id, Moment, one_of
from application.ports.webhooks import Attempt, Lane, Progress, Webhook, WebhookState
from application.runtime.clock import written
from application.webhooks.commands import PingOutcome
from application.webhooks.secrets import public_keys


class DeliveryDocument(TypedDict):
    """One try to deliver an event, or a ping."""

    id: Annotated[int, Meta(description="The try's number; newer ones have larger ones.")]
    position: Annotated[int, Meta(description="The event's position; 0 for a ping.")]
    order: Annotated[str, Meta(description="The order's id; empty for a ping.")]
    at: Annotated[Moment, Meta(description="When it was sent.")]
    status: Annotated[int, Meta(description="The HTTP status of the answer; 0 without one.")]
    reason: Annotated[str, Meta(description="Why it is not confirmed; empty if it is.")]
    seconds: Annotated[float, Meta(description="How long it took.")]
    head: Annotated[str, Meta(description="The beginning of the answer, made safe to show.")]
    try_number: Annotated[int, Meta(description="1 for the first try.")]
    again: Annotated[bool, Meta(description="Whether somebody asked to send it again.")]


class WaitingOrderDocument(TypedDict):
    """An order whose events wait, since one of them was not confirmed."""

    order: Annotated[str, Meta(description="The order's id.")]
    confirmed: Annotated[int, Meta(description="Up to this position its events are confirmed.")]
    tries: Annotated[int, Meta(description="How often its next event was tried.")]
    reason: Annotated[str, Meta(description="Why the last try failed.")]
    failed_since: Annotated[Moment, Meta(description="When it failed first.")]
    next_try_at: Annotated[Moment, Meta(description="When it is tried again.")]


class WebhookDocument(TypedDict):
    """A webhook, and where it stands."""

    id: Annotated[Id, Meta(description="The webhook's id.")]
    partner: Annotated[Id, Meta(description="Whose it is.")]
    address: Annotated[str, Meta(description="Where events are sent.")]
    types: Annotated[list[str], Meta(description="The types that are sent; none means all.")]
    events: Annotated[
        list[Id], Meta(description="The ids of the events whose orders count; none means all.")
    ]
    state: Annotated[
        str,
        one_of(*WebhookState),
        Meta(description="`active`; `paused`; or `off`: the receiver has answered 410."),
    ]
    reason: Annotated[str, Meta(description="Why it is not active; empty if it is.")]
    created_at: Annotated[Moment, Meta(description="When it was added.")]
    version: Annotated[int, Meta(description="Its version, as in ETag.")]
    live_secrets: Annotated[
        int, Meta(description="How many secrets sign: 2 after a rotation until the old one ends.")
    ]
    asymmetric: Annotated[bool, Meta(description="Whether messages are signed by v1a, too.")]
    public_keys: Annotated[
        list[str], Meta(description="With `asymmetric`, the keys to verify v1a, newest first.")
    ]
    position: Annotated[
        int, Meta(description="Up to it all is confirmed, but for the orders that wait.")
    ]
    log_position: Annotated[int, Meta(description="The end of the log.")]
    waiting_orders: Annotated[
        int, Meta(description="How many orders wait since one of their events was not confirmed.")
    ]
    waiting_since: Annotated[
        Moment | None, Meta(description="When the first of them failed; null if none waits.")
    ]
    last_delivery: Annotated[
        DeliveryDocument | None, Meta(description="The last try; null if there was none.")
    ]


class WebhookSecretDocument(WebhookDocument):
    """A webhook with its newest secret, which is shown this once."""

    secret: Annotated[
        str,
        Meta(
            description="The secret, to verify v1: `whsec_` and base64.",
            pattern=r"^whsec_[A-Za-z0-9+/]{43}=$",
        ),
    ]


class SentAgainDocument(TypedDict):
    """What is to be sent again."""

    requests: Annotated[
        int, Meta(description="How many events are asked for; 1 for all from a position on.")
    ]


class PingDocument(TypedDict):
    """What came of a ping."""

    confirmed: Annotated[bool, Meta(description="Whether the receiver answered 2xx.")]
    status: Annotated[int, Meta(description="The HTTP status of the answer; 0 without one.")]
    reason: Annotated[str, Meta(description="Why it is not confirmed; empty if it is.")]
    seconds: Annotated[float, Meta(description="How long it took.")]
    head: Annotated[str, Meta(description="The beginning of the answer, made safe to show.")]


class LiveFigures(TypedDict):
    """What is known of a webhook besides itself."""

    progress: Progress
    end: int
    last: Attempt | None


def webhook_document(webhook: Webhook, figures: LiveFigures, secret: KeySecret) -> WebhookDocument:
    """A webhook, without its secret."""
    progress, last = figures["progress"], figures["last"]
    return {
        "id": webhook.id,
        "partner": webhook.partner,
        "address": webhook.address,
        "types": list(webhook.types),
        "events": list(webhook.shows),
        "state": webhook.state.value,
        "reason": webhook.reason,
        "created_at": written(webhook.created_at),
        "version": webhook.revision,
        "live_secrets": len(webhook.generations),
        "asymmetric": webhook.asymmetric,
        "public_keys": public_keys(secret, webhook),
        "position": progress.position,
        "log_position": figures["end"],
        "waiting_orders": progress.lanes,
        "waiting_since": written(progress.waiting_since) if progress.waiting_since else None,
        "last_delivery": delivery_document(last) if last else None,
    }


def delivery_document(attempt: Attempt) -> DeliveryDocument:
    """A try, as the delivery log has it."""
    return {
        "id": attempt.id,
        "position": attempt.position,
        "order": attempt.order,
        "at": written(attempt.at),
        "status": attempt.status,
        "reason": attempt.reason,
        "seconds": attempt.seconds,
        "head": attempt.head,
        "try_number": attempt.try_number,
        "again": attempt.again,
    }


def waiting_document(lane: Lane) -> WaitingOrderDocument:
    """An order that waits."""
    return {
        "order": lane.order,
        "confirmed": lane.position,
        "tries": lane.tries,
        "reason": lane.reason,
        "failed_since": written(lane.first_failed_at),
        "next_try_at": written(lane.next_try_at),
    }


def ping_document(outcome: PingOutcome) -> PingDocument:
    """What came of a ping."""
    return {
        "confirmed": not outcome.reason,
        "status": outcome.status,
        "reason": outcome.reason,
        "seconds": outcome.seconds,
        "head": outcome.head,
    }
