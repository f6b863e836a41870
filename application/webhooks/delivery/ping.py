"""Sends a signed message about no order at once, to check that a webhook receives."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec

from application.ports.webhooks import Attempt, Webhook, WebhookRecords
from application.runtime.clock import written
from application.webhooks.delivery.late_sender import LateSender, Options
from application.webhooks.delivery.message import Message
from application.webhooks.delivery.outcomes import Outcome
from application.webhooks.delivery.signatures import KeysOf

PING = "orderlog.ping"


def ping(
    webhook: Webhook,
    records: WebhookRecords,
    keys_of: KeysOf,
    clock: Callable[[], datetime],
    options: Options,
) -> Outcome:
    """Send a ping, wait for what comes of it, and note it in the log of deliveries."""
    at = clock()
    name = f"ping_{webhook.id}_{round(at.timestamp() * 1e6):x}"
    message = Message(
        address=webhook.address, name=name, body=body_of(webhook, name, at), keys=keys_of(webhook)
    )
    with ThreadPoolExecutor(1) as thread:  # the caller's may have an event loop that runs
        outcome = thread.submit(asyncio.run, _send(message, clock, options)).result()
    records.note(
        Attempt(
            webhook=webhook.id,
            position=0,
            order="",
            at=at,
            status=outcome.status,
            reason=outcome.reason,
            seconds=outcome.seconds,
            head=outcome.head,
        )
    )
    return outcome


def body_of(webhook: Webhook, name: str, at: datetime) -> bytes:
    """The message: a CloudEvent without data of an order."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": name,
            "source": "/v1/feed",
            "type": PING,
            "subject": webhook.id,
            "time": written(at),
            "data": {},
        }
    )


async def _send(message: Message, clock: Callable[[], datetime], options: Options) -> Outcome:
    async with LateSender(options, clock) as sender:
        return await sender.send(message)
