"""Webhooks: which of them are behind, and whether anybody delivers."""

from collections.abc import Iterator

from application.operations.doctor.background import LATE_SECONDS
from application.operations.doctor.findings import (
    Finding,
    Installation,
    counted,
    good,
    lasting,
    problem,
    warning,
)
from application.operations.event_age import waited
from application.ports.webhooks import Webhook, WebhookState, shard_of

NAMED = 3
"""How many webhooks are named, those with the most that waits first."""


def examine_webhooks(it: Installation) -> Iterator[Finding]:
    """All webhooks; nothing is said where there are none."""
    webhooks = it.store.webhooks().all()
    if not webhooks:
        return
    for each in WebhookState:
        number = sum(webhook.state is each for webhook in webhooks)
        if number and each is not WebhookState.ACTIVE:
            do = "orderlog webhook list says why; its owner resumes it."
            yield warning("webhooks", f"{counted(number, 'webhook')}: {each}.", do)
    active = [each for each in webhooks if each.state is WebhookState.ACTIVE]
    if active:
        yield from _leases(it, active)
        yield from _behind(it, active)


def _leases(it: Installation, active: list[Webhook]) -> Iterator[Finding]:
    """Shards that nobody has a live lease on."""
    wanted = {shard_of(each.id) for each in active}
    known = it.store.webhooks().shards()
    moment = it.store.moment()
    dead = [each for each in wanted if each not in known or not known[each].is_leased(moment)]
    if dead:
        do = "Start a service with ORDERLOG_WEBHOOKS=true."
        said = f"No process leases {counted(len(dead), 'shard')}: their webhooks get nothing."
        yield warning("webhooks", said, do)


def _behind(it: Installation, active: list[Webhook]) -> Iterator[Finding]:
    records, last = it.store.webhooks(), it.store.last_position()
    progress = records.progress(active)
    slow = []
    for webhook in active:
        known = progress.get(webhook.id)
        if known is None:
            continue
        late = waited(it.store, known.position, it.moment) if known.position < last else 0.0
        if known.waiting_since is not None:
            late = max(late or 0.0, (it.moment - known.waiting_since).total_seconds())
        if late is None or late > LATE_SECONDS:
            slow.append((late or 0.0, known.lanes, webhook))
    slow.sort(key=lambda each: each[:2], reverse=True)
    attempts = records.last_attempts([webhook.id for *_, webhook in slow[:NAMED]])
    for late, lanes, webhook in slow[:NAMED]:
        tried = attempts.get(webhook.id)
        why = f"the last try: {tried.reason or 'confirmed'}" if tried else "it was not tried yet"
        said = f"{webhook.address} ({webhook.id}) is {lasting(late)} behind, "
        said += f"{counted(lanes, 'order')} wait for another try; {why}."
        do = f"Tell partner {webhook.partner}; orderlog webhook log {webhook.id} has more."
        yield problem("webhooks", said, do)
    if len(slow) > NAMED:
        do = "If all are behind, look at this service's network and processor."
        yield problem("webhooks", f"{len(slow) - NAMED} more are behind.", do)
    if not slow:
        yield good("webhooks", f"{counted(len(active), 'active webhook')}, none behind.")
