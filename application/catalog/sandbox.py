"""What `orderlog serve --sandbox` adds to the catalogue: it is there only while that runs."""

from datetime import datetime
from importlib.resources import files

from msgspec.structs import replace

from application.catalog.deeds import deed_of
from application.catalog.entries import CatalogFile
from application.catalog.file import read_catalog_file
from application.catalog.gateway import SANDBOX
from application.catalog.key_secret import KeySecret
from application.catalog.loading import load_catalog, load_sample
from application.ports.store import Store

KINDS = ("payment_system", "gateway")


def load_sandbox(store: Store, at: datetime, secret: KeySecret, page: str) -> None:
    """Load the sample, the payment system that sends buyers to `page`, and an event with a code.

    Raises `OwnPartners`.
    """
    load_sample(store, at, secret)
    file = sandbox_file()
    [system] = file.payment_systems
    systems = (replace(system, redirect_url=page),)
    load_catalog(store, replace(file, payment_systems=systems), at, secret)


def sandbox_file() -> CatalogFile:
    """What the sandbox adds to the sample."""
    return read_catalog_file(files("application").joinpath("sandbox_catalog.yaml").read_bytes())


def remove_sandbox(store: Store, at: datetime) -> None:
    """Remove the payment system and the event that a service with the sandbox left behind.

    Orders keep what they know of them. The event stays while an order has tickets of it.
    """
    names = [(kind, SANDBOX) for kind in KINDS]
    if not any(name in store.catalog() for name in names):
        return
    with store.change_catalog() as change:
        known = change.documents()
        for kind, name in names:
            if (kind, name) in known:
                change.remove(kind, name)
        for entry in sandbox_file().events:
            tickets = list(change.tickets(entry.show.id))
            if ("event", entry.show.id) in known and all(each.order is None for each in tickets):
                change.remove_tickets(each.id for each in tickets)
                change.remove("event", entry.show.id)
        change.record(deed_of(at, "sandbox.removed", system=SANDBOX))
