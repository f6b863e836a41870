"""The catalogue of `orderlog serve --sandbox`: the sample, a payment system, and the mark.

A marked database is the sandbox's for good: nothing else serves it, and it never gets into one that
sells.
"""

from datetime import datetime
from importlib.resources import files

from msgspec.structs import replace

from application.catalog.cache import SandboxMark
from application.catalog.deeds import deed_of
from application.catalog.entries import CatalogFile
from application.catalog.file import read_catalog_file
from application.catalog.key_secret import KeySecret
from application.catalog.loading import ENCODE, load_catalog, load_sample
from application.catalog.sandbox_mark import is_sandbox
from application.ports.admin_trail import Action
from application.ports.sandbox import MARK, SoldForReal
from application.ports.store import Store

SERVED = "holds"
"""A read model that every service projects: whoever does serves the database."""


def load_sandbox(store: Store, at: datetime, secret: KeySecret, page: str) -> None:
    """Load the sample, the payment system that sends buyers to `page`, and an event with a code.

    The database is marked.

    Raises `SoldForReal` and `OwnPartners`; then nothing is changed.
    """
    if not is_sandbox(store):
        _refuse_one_that_sells(store)
    load_sample(store, at, secret)
    _mark(store, at)
    file = sandbox_file()
    [system] = file.payment_systems
    systems = (replace(system, redirect_url=page),)
    load_catalog(store, replace(file, payment_systems=systems), at, secret)


def sandbox_file() -> CatalogFile:
    """What the sandbox adds to the sample."""
    return read_catalog_file(files("application").joinpath("sandbox_catalog.yaml").read_bytes())


def _refuse_one_that_sells(store: Store) -> None:
    if store.assigned_position():
        raise SoldForReal("has orders that were sold without it")
    if store.read_models().state(SERVED).projector is not None:
        raise SoldForReal("is served without it by another process")


def _mark(store: Store, at: datetime) -> None:
    if MARK in store.catalog():
        return
    with store.change_catalog() as change:
        change.put(*MARK, ENCODE(SandboxMark(since=at)))
        change.record(deed_of(at, Action.SANDBOX_MARKED))
