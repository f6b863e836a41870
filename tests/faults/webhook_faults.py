"""Webhooks through kills: what a receiver has in the end, held against the log."""

from collections import Counter
from contextlib import closing

from hook_receiver import Line, ReceiverProcess
from lab import Lab
from polling import until
from shop import refuse
from webhook_office import add_webhook

from application.bootstrap import open_store
from application.feed.thin_event import type_of
from application.ports.webhooks import Webhook
from interface.load.put_on_sale import PARTNER, put_on_sale

SERVICE, RECEIVER = "service", "receiver"
"""What is killed."""
KILLS = 100
TICKETS = 60_000
BUYERS = 2
MOMENT = 0.2
SECONDS = 900
ALLOWED = {"ORDERLOG_WEBHOOKS_TO": "127.0.0.0/8"}
TYPED = ("orderlog.order.OrderCreated", "orderlog.order.StatusChanged")
MOST_LINES = 100_000


def kill_both_ends(lab: Lab) -> None:
    """The service and the receiver are killed a hundred times each, in turn."""
    webhooks_through_kills(lab, [SERVICE, RECEIVER] * KILLS)


def webhooks_through_kills(lab: Lab, victims: list[str]) -> None:
    """Kill these, one after another, in a sale that three webhooks are sent."""
    lab.key = put_on_sale(lab.settings, TICKETS)
    receiver = ReceiverProcess(lab.place.folder / "received")
    try:
        receiver.start()
        webhooks = add_webhooks(lab, receiver)
        with lab.serving(**ALLOWED) as service:
            with lab.selling(service, BUYERS) as crowd:
                for victim in victims:
                    lab.pause(MOMENT)
                    (service if victim == SERVICE else receiver).kill()
                    lab.faults += 1
                    (service if victim == SERVICE else receiver).start()
                    crowd.goes_on(5)
            end = finish(lab, webhooks)
            service.stop()
    finally:
        receiver.kill()
    check_received(lab, webhooks, receiver.lines(), end)
    lab.check(crowd)


def add_webhooks(lab: Lab, receiver: ReceiverProcess) -> list[Webhook]:
    """Two that want all, of different shards, and one that wants two types."""
    with closing(open_store(lab.place.url)) as store:
        return [
            add_webhook(store, receiver.address(f"/{name}"), partner=PARTNER, after=0, **more)
            for name, more in (("one", {}), ("two", {}), ("typed", {"types": TYPED}))
        ]


def finish(lab: Lab, webhooks: list[Webhook]) -> int:
    """Wait until each webhook stands at the end of the log, and nothing waits; return that end.

    The log may grow after that: holds of a long run end.
    """

    def finished() -> int | None:
        end, found = store.last_position(), store.webhooks().progress(webhooks)
        done = all(each.position >= end and not each.lanes for each in found.values())
        return end if done else None

    with closing(open_store(lab.place.url)) as store:
        end: int = until(finished, "webhooks do not reach the end of the log", SECONDS)
    return end


def check_received(lab: Lab, webhooks: list[Webhook], lines: list[Line], end: int) -> None:
    """Every event up to `end` came, an order's in order; none came again that was confirmed."""
    with closing(open_store(lab.place.url)) as store:
        log = store.log(0, MOST_LINES)
        for webhook in webhooks:
            own = [each for each in lines if webhook.address.endswith(each.path)]
            due = {
                (each.id, str(each.originator_id), each.originator_version)
                for each in log
                if not webhook.types or type_of(each.topic) in webhook.types
            }
            came = {(each.position, each.order, each.version) for each in own}
            missing = sorted(each for each in due - came if each[0] <= end)
            refuse(missing[:5], f"of {len(due)} events did not come")
            refuse(sorted(came - due)[:5], "events that nobody wanted")
            check_order(own)
            tries = store.webhooks().attempts(webhook.id, MOST_LINES)
            confirmed = Counter(each.position for each in tries if not each.reason)
            refuse([one for one, count in confirmed.items() if count > 1], "confirmed twice")


def check_order(lines: list[Line]) -> None:
    """Each order's events came in order, a repeated one by the same name as before."""
    first: dict[str, list[int]] = {}
    names: dict[int, str] = {}
    for each in lines:
        if each.position not in names:
            first.setdefault(each.order, []).append(each.version)
        name = names.setdefault(each.position, each.name)
        refuse(name != each.name and each, "an event came by another name")
    refuse([each for each in first.items() if each[1] != sorted(each[1])][:5], "not in order")
