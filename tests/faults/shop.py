"""The wired service without HTTP: makes orders by Idempotency-Keys, and what must hold of it."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from box_office import PARTERRE, SHOW, BoxOffice

from application.bootstrap import build
from application.catalog.loading import load_sample
from application.integrity.verification import verify
from application.integrity.workers import here
from application.orders.commands import ChangeOrder, Request
from application.projector.loop import catch_up
from application.projector.rebuild import rebuild
from application.read_models.registry import PROJECTIONS
from application.runtime.clock import now
from application.settings import Settings
from domain.commands import BestAvailable


class Broken(AssertionError):
    """A promise of the service that an experiment saw broken."""


@dataclass(frozen=True)
class Place:
    """Where a service's data is: the address of its database, and a folder for all else."""

    url: str
    folder: Path
    lite: bool = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "lite", self.url.startswith("sqlite:///"))

    @property
    def path(self):
        """The file of an embedded store."""
        return Path(self.url.removeprefix("sqlite:///"))

    @property
    def audit_key(self):
        return str(self.folder / "audit-key")


class Shop(BoxOffice):
    """Sells the sample evening by the real clock, with a key to sign checkpoints."""

    def __init__(self, place: Place) -> None:
        self.requests = 0
        self.database = place.url
        settings = Settings(database=place.url, audit_key=place.audit_key, sample=True)
        self.services = build(settings)
        self.store = self.services.store
        load_sample(self.store, now())

    def sell(self, key: str, count: int = 1) -> str:
        """Make an order by an Idempotency-Key, now or when that was asked before; return its id."""
        command = ChangeOrder(tickets=BestAvailable({PARTERRE: count}))
        request = Request(self.caller(), f"request-{key}", key=key, fingerprint=key.encode())
        return self.services.orders.create(SHOW, command, request).order.id


@contextmanager
def shop_at(place: Place):
    shop = Shop(place)
    try:
        yield shop
    finally:
        shop.services.close()


def refuse(broken: object, what: str) -> None:
    """Say what is broken, if something is."""
    if broken:
        raise Broken(f"{what}: {broken}")


def check_log(store) -> None:
    """`audit verify` finds nothing: no event is changed, missing or half, no ticket sold twice."""
    report = verify(store, here(store), lambda *_: None)
    refuse([each.says for each in report.findings], "audit verify")


def check_read_models(store) -> None:
    """Each read model equals one that is made anew from the log."""
    for name, projection in PROJECTIONS.items():
        catch_up(store, name)
        outcome = rebuild(store, projection, lambda *_: None, check=True)
        refuse(outcome.differences, f"rows of {name} that a rebuild does not have")


def check_orders(shop: Shop, acknowledged: dict[str, str], asked: list[str]) -> None:
    """What was acknowledged is there, and sending it again brings the same order.

    `asked` are all keys that were ever sent: each has brought at most one order.
    """
    for key in asked:
        order = shop.sell(key)
        if key in acknowledged and order != acknowledged[key]:
            raise Broken(f"{key} brought {acknowledged[key]}, and now brings {order}")
    made = [each for each in shop.store.log(0, 1_000_000) if each.originator_version == 1]
    if len(made) != len(set(asked)):
        raise Broken(f"{len(made)} orders were made by {len(set(asked))} keys")


def check_all(shop: Shop, acknowledged: dict[str, str], asked: list[str]) -> None:
    """Everything that must hold of a service after a fault, and that it sells."""
    check_orders(shop, acknowledged, asked)
    shop.sell("after the fault")
    check_read_models(shop.store)
    check_log(shop.store)
