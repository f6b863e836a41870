"""The rows of webhooks, their lanes and the tries to deliver."""

from collections.abc import Sequence
from typing import Any

from application.ports.webhooks import Attempt, Lane, Webhook, WebhookState
from application.runtime.clock import from_ms, to_ms

COLUMNS = (
    "id, partner, created_at, address, types, shows, state, reason, generations, signs_v1a,"
    " revision, request, fingerprint"
)
LANE_COLUMNS = "webhook, order_id, position, tries, first_failed_at, next_try_at, reason"
ATTEMPT_COLUMNS = "webhook, position, order_id, at, status, reason, took, head, try_number, again"
_MICROSECONDS = 1_000_000


def webhook_of(row: Sequence[Any]) -> Webhook:
    """The webhook of a row. Lists in it are words with spaces between them."""
    webhook, partner, created_at, address, types, shows, state, reason, *rest = row
    generations, asymmetric, revision, request, fingerprint = rest
    return Webhook(
        id=webhook,
        partner=partner,
        created_at=from_ms(created_at),
        address=address,
        types=tuple(types.split()),
        shows=tuple(shows.split()),
        state=WebhookState(state),
        reason=reason,
        generations=tuple(map(int, generations.split())),
        asymmetric=bool(asymmetric),
        revision=revision,
        request=bytes(request),
        fingerprint=bytes(fingerprint),
    )


def row_of_webhook(webhook: Webhook) -> tuple[Any, ...]:
    """The row of a webhook."""
    return (
        webhook.id,
        webhook.partner,
        to_ms(webhook.created_at),
        webhook.address,
        " ".join(webhook.types),
        " ".join(webhook.shows),
        webhook.state.value,
        webhook.reason,
        " ".join(map(str, webhook.generations)),
        int(webhook.asymmetric),
        webhook.revision,
        webhook.request,
        webhook.fingerprint,
    )


def lane_of(row: Sequence[Any]) -> Lane:
    """The lane of a row."""
    webhook, order, position, tries, first_failed_at, next_try_at, reason = row
    return Lane(
        webhook=webhook,
        order=order,
        position=position,
        tries=tries,
        first_failed_at=from_ms(first_failed_at),
        next_try_at=from_ms(next_try_at),
        reason=reason,
    )


def row_of_lane(lane: Lane) -> tuple[Any, ...]:
    """The row of a lane."""
    times = (to_ms(lane.first_failed_at), to_ms(lane.next_try_at))
    return (lane.webhook, lane.order, lane.position, lane.tries, *times, lane.reason)


def attempt_of(row: Sequence[Any]) -> Attempt:
    """The try of a row, which has its id first."""
    number, webhook, position, order, at, status, reason, took, head, try_number, again = row
    return Attempt(
        id=number,
        webhook=webhook,
        position=position,
        order=order,
        at=from_ms(at),
        status=status,
        reason=reason,
        seconds=took / _MICROSECONDS,
        head=head,
        try_number=try_number,
        again=bool(again),
    )


def row_of_attempt(attempt: Attempt) -> tuple[Any, ...]:
    """The row of a try, without its id."""
    return (
        attempt.webhook,
        attempt.position,
        attempt.order,
        to_ms(attempt.at),
        attempt.status,
        attempt.reason,
        round(attempt.seconds * _MICROSECONDS),
        attempt.head.replace("\0", ""),
        attempt.try_number,
        int(attempt.again),
    )
