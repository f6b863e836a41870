"""A box office whose orders' events are delivered to webhooks on loopback."""

import multiprocessing
from contextlib import closing, contextmanager, suppress

import msgspec
from seller import ORGANISER

from application.bootstrap import open_store
from application.ports.admin_trail import Deed
from application.ports.webhooks import Webhook, WebhookState
from application.runtime.clock import now
from application.runtime.ids import new_id
from application.webhooks.delivery import committer, shares, source, worker
from application.webhooks.delivery.engine import Deliveries
from application.webhooks.delivery.late_sender import Options
from application.webhooks.delivery.message import Limits
from application.webhooks.delivery.signatures import SigningKeys

KEYS = SigningKeys([b"a secret of 24 bytes ..1"])
LOOPBACK = ("127.0.0.0/8",)
LIMITS = Limits(connect=1.0, whole=3.0, body=0.5)
END_OF_ALL = 10**6
QUICK = (
    (worker, "RENEW_SECONDS", 0.1),
    (worker, "SOON", 0.05),
    (worker, "LEASE_SECONDS", 1.0),
    (shares, "LEASE_SECONDS", 1.0),
    (worker, "LEFT_SECONDS", 0.5),
    (source, "WAIT_SECONDS", 0.1),
    (committer, "COMMIT_SECONDS", 0.03),
    (committer, "IDLE_SECONDS", 0.5),
)
"""Pauses of deliveries, shorter than in service."""


def deed():
    return Deed(now(), "test", "webhook.added", b"{}")


def add_webhook(store, address, *, partner=ORGANISER, after=None, **more):
    """Add a webhook that begins at the end of the log, or after a position."""
    end = store.point_at(store.last_position())
    name = more.pop("id", None) or new_id(now())
    webhook = Webhook(id=name, partner=partner, address=address, created_at=now(), **more)
    after = end.position if after is None else after
    assert store.webhooks().add(webhook, after, end, END_OF_ALL, deed())
    return webhook


def change_webhook(store, webhook, **changed):
    """Change a webhook as a person does."""
    known = store.webhooks().find(webhook.id)
    other = msgspec.structs.replace(known, revision=known.revision + 1, **changed)
    assert store.webhooks().change(other, deed())
    return other


def resume_webhook(store, webhook):
    return change_webhook(store, webhook, state=WebhookState.ACTIVE, reason="")


@contextmanager
def delivering(database, **options):
    """Deliver from a store of its own, as another process would, by another clock or keys."""
    options.setdefault("allowed", LOOPBACK)
    options.setdefault("limits", LIMITS)
    options.setdefault("lower", 0)
    clock, keys = options.pop("clock", now), options.pop("keys", KEYS)
    options.setdefault("pause_after", lambda tries, chance, wait: wait or 0.05)
    with closing(open_store(database)) as store:
        deliveries = Deliveries(store, lambda _: keys, clock, Options(**options))
        deliveries.start()
        try:
            yield deliveries
        finally:
            deliveries.stop()


def be_quick(set_one=setattr):
    """Have deliveries of this process make shorter pauses."""
    for module, name, value in QUICK:
        set_one(module, name, value)


def lease_for(seconds, set_one=setattr):
    """Have deliveries of this process lease for so long."""
    for module in (worker, shares):
        set_one(module, "LEASE_SECONDS", seconds)


def deliver(database, till_closed, options, *, quick, lease):
    if quick:
        be_quick()
    if lease is not None:
        lease_for(lease)
    with delivering(database, **options), suppress(EOFError):
        till_closed.recv()


@contextmanager
def delivery_process(database, *, quick=False, lease=None, **options):
    """The delivery in a process of its own, as a server has it; the process, to be killed.

    It stops when its pipe is closed: an event would wait for one that was killed while it waited.
    """
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    process = context.Process(
        target=deliver, args=(database, theirs, options), kwargs={"quick": quick, "lease": lease}
    )
    process.start()
    theirs.close()
    try:
        yield process
    finally:
        ours.close()
        process.join()


def positions(receiver):
    """The positions that were received, in that order."""
    return [msgspec.json.decode(each.body)["data"]["position"] for each in list(receiver.received)]


def orders(receiver):
    """By order, the versions that were received."""
    found = {}
    for each in list(receiver.received):
        data = msgspec.json.decode(each.body)["data"]
        found.setdefault(data["order"], []).append(data["version"])
    return found
