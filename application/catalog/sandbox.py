"""The payment system of `orderlog serve --sandbox`: it is in the catalogue only while that runs."""

from datetime import datetime
from importlib.resources import files

from msgspec.structs import replace

from application.catalog.deeds import deed_of
from application.catalog.file import read_catalog_file
from application.catalog.gateway import SANDBOX
from application.catalog.key_secret import KeySecret
from application.catalog.loading import load_catalog, load_sample
from application.ports.store import Store

KINDS = ("payment_system", "gateway")


def load_sandbox(store: Store, at: datetime, secret: KeySecret, page: str) -> None:
    """Load the sample, and the payment system that sends buyers to `page`.

    Raises `OwnPartners`.
    """
    load_sample(store, at, secret)
    file = read_catalog_file(files("application").joinpath("sandbox_catalog.yaml").read_bytes())
    [system] = file.payment_systems
    systems = (replace(system, redirect_url=page),)
    load_catalog(store, replace(file, payment_systems=systems), at, secret)


def remove_sandbox(store: Store, at: datetime) -> None:
    """Remove the payment system that a service with the sandbox left behind.

    Orders keep what they know of it.
    """
    names = [(kind, SANDBOX) for kind in KINDS]
    if not any(name in store.catalog() for name in names):
        return
    with store.change_catalog() as change:
        known = change.documents()
        for kind, name in names:
            if (kind, name) in known:
                change.remove(kind, name)
        change.record(deed_of(at, "sandbox.removed", system=SANDBOX))
