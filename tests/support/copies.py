"""Databases to copy, copying them, and all that they have to tell."""

import os
import signal
from contextlib import closing, contextmanager

from clock import NOON
from mixed_orders import SHOWS, THEATRE, load_shows, make_mixed_orders
from other_processes import context

from application.bootstrap import build, open_copyable, open_store
from application.catalog.access import Caller
from application.copying.copy import copy
from application.event_log.idempotency import key_digest
from application.orders.commands import ChangeOrder, Request
from application.ports.integrity_records import SignedCheckpoint
from application.ports.partitions import Range
from application.ports.rejection_log import Attempt
from application.projector.loop import catch_up
from application.settings import Settings

BATCH = 100
SHOW = next(iter(SHOWS))
KEYS = 250
CHECKPOINT = SignedCheckpoint(1, b"{}", b"\x00\xff")
ATTEMPT = Attempt("a", NOON, 1, "partner", "request", "no_deal", b"{}", b"\x00\xff")


def quietly(what, done, total):
    pass


def copy_over(source, target, progress=quietly):
    """Copy as the command does; return what was found to be the same."""
    with (
        closing(open_copyable(source, make=False)) as old,
        closing(open_copyable(target, make=True)) as new,
    ):
        return copy(old, new, progress, BATCH)


def killed_copy(source, target, doing):
    """Begin to copy in a process that is killed in the middle of what it is `doing`."""
    victim = context.Process(target=_copy_until_killed, args=(source, target, doing))
    victim.start()
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL


def _copy_until_killed(source, target, doing):
    def die(what, done, total):
        if what == doing and done >= total // 2:
            os.kill(os.getpid(), signal.SIGKILL)

    copy_over(source, target, die)


@contextmanager
def shop(url):
    """The service on a database, at noon."""
    with closing(build(Settings(database=url), lambda: NOON)) as services:
        yield services


def fill(url, orders, keys=KEYS):
    """Orders of every kind, and requests with an Idempotency-Key that were answered."""
    with shop(url) as services:
        load_shows(services.store, 2 * orders)
        make_mixed_orders(services, orders)
        for number in range(keys):
            order(services, f"key-{number}")
        services.store.attempts().add([ATTEMPT] * 3)
        services.store.audit().add_checkpoint(CHECKPOINT)


def order(services, key=None):
    """An order without tickets."""
    caller = Caller(THEATRE, "aa11bb22", "ru")
    request = Request(caller, "request", key=key, fingerprint=b"\x00\xff")
    return services.orders.create(SHOW, ChangeOrder(), request)


def told(url):
    """All that a database tells."""
    with closing(open_store(url)) as store:
        return {
            "events": store.log(0, 1_000_000),
            "tickets": [store.tickets(show) for show in SHOWS],
            "vacancies": store.vacancies(list(SHOWS), NOON),
            "documents": store.catalog(),
            "version": store.catalog_version(),
            "checkpoints": store.audit().checkpoints(),
            "attempts": store.attempts().of(ATTEMPT.order),
            "notices": store.notices().of_range(Range(0, "", None)),
            "requests": [
                store.idempotency_record(key_digest(THEATRE, f"key-{number}"))
                for number in range(KEYS)
            ],
        }


def listed(url):
    """All rows of the list of orders, projected to the end of the log."""
    with shop(url) as services:
        catch_up(services.store, "orders")
        models = services.store.read_models()
        with models.snapshot(models.state("orders")) as (_, rows):
            return list(rows)
