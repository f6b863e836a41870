"""The only place that picks a store and wires the service: for HTTP, command line and tests."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import msgspec
import structlog

from application.access import Access
from application.attempts import Attempts
from application.audit.checkpoint import Checkpoints
from application.audit.checkpointer import Checkpointer
from application.catalog import CatalogKeeper
from application.clock import now
from application.copyable import Copyable
from application.expiry import Sweeper
from application.order_history import OrderHistory
from application.order_queries import OrderQueries
from application.order_search import OrderSearch
from application.order_service import OrderService
from application.order_story import OrderStories
from application.past_orders import PastOrders
from application.projections.pull_loop import PullLoop
from application.projections.registry import PROJECTIONS
from application.sales_queries import SalesQueries
from application.seating import Seating
from application.session_secret import SessionSecret
from application.settings import BESIDE, Settings
from application.show_queries import ShowQueries
from application.storage.sqlite import SqliteStore
from application.storage.sqlite_copy import SqliteCopyable
from application.store import Store, T

log = structlog.get_logger()

SQLITE = "sqlite:///"
POSTGRES = "postgresql://"


class BadDatabase(Exception):
    """A database address that names no store of ours."""


class Services(msgspec.Struct, frozen=True):
    """Everything that can be asked of a wired service."""

    settings: Settings
    clock: Callable[[], datetime]
    store: Store
    catalog: CatalogKeeper
    access: Access
    session_secret: SessionSecret
    orders: OrderService
    attempts: Attempts
    history: OrderHistory
    stories: OrderStories
    queries: OrderQueries
    past: PastOrders
    search: OrderSearch
    shows: ShowQueries
    seating: Seating
    sales: SalesQueries
    loop: PullLoop
    sweeper: Sweeper
    checkpoints: Checkpoints
    checkpointer: Checkpointer

    def start(self) -> None:
        """Start all that runs beside requests, as one process that does everything."""
        self.start_for_requests()
        self.start_behind_requests()

    def start_for_requests(self) -> None:
        """Start what every process needs that answers requests."""
        self.attempts.start()
        self.catalog.start()

    def start_behind_requests(self) -> None:
        """Start what one process does for all: feed read models, end holds, sign checkpoints.

        A read model whose columns are those of another version is begun anew.
        """
        for projection in PROJECTIONS.values():
            if self.store.read_models().renew(projection.table):
                log.warning("read_model_begun_anew", projection=projection.table.name)
        self.loop.start()
        self.sweeper.start()
        self.checkpointer.start()

    def close(self) -> None:
        """Stop what was started, and give back everything that was opened."""
        self.catalog.stop()
        self.checkpointer.stop()
        self.sweeper.stop()
        self.loop.stop()
        self.attempts.close()
        self.orders.close()
        self.store.close()


def build(settings: Settings, clock: Callable[[], datetime] = now) -> Services:
    """Wire the service over the store that `settings.database` names; all of it by one `clock`.

    Raises `BadDatabase`, `LayoutTooNew`, `StoreUnavailable`.
    """
    store = open_store(settings.database)
    for projection in PROJECTIONS.values():
        store.read_models().ensure(projection.table)
    catalog = CatalogKeeper(store)
    attempts = Attempts(store)
    orders = OrderService(store, catalog, clock, attempts.note)
    shows = ShowQueries(store, catalog, clock)
    queries = OrderQueries(store, clock)
    past = PastOrders(store, settings.wait_seconds)
    history = OrderHistory(store, clock)
    checkpoints = Checkpoints(store, clock, audit_key_of(settings))
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        catalog=catalog,
        access=Access(catalog),
        session_secret=SessionSecret(store, catalog),
        orders=orders,
        attempts=attempts,
        history=history,
        stories=OrderStories(history, attempts, catalog, clock),
        queries=queries,
        past=past,
        search=OrderSearch(store, clock),
        shows=shows,
        seating=Seating(store, shows, clock),
        sales=SalesQueries(store, catalog, past),
        loop=PullLoop(store, list(PROJECTIONS.values())),
        sweeper=Sweeper(queries, orders, attempts, settings.sweep_seconds),
        checkpoints=checkpoints,
        checkpointer=Checkpointer(checkpoints, settings.checkpoint_seconds),
    )


def audit_key_of(settings: Settings) -> str | None:
    """The file of the private key that checkpoints are signed with.

    Beside an SQLite file it has a place of its own; elsewhere it has to be named.
    """
    if settings.audit_key not in {BESIDE, ""}:
        return settings.audit_key
    if settings.database.startswith(SQLITE):
        return settings.database.removeprefix(SQLITE) + "-audit-key"
    return None


def open_store(database: str) -> Store:
    """The store that an address names."""
    if database.startswith(SQLITE) and len(database) > len(SQLITE):
        return SqliteStore(database.removeprefix(SQLITE))
    return _open_postgres(database, _postgres_store)


def open_copyable(database: str, *, make: bool) -> Copyable:
    """The database that an address names as a whole; only with `make` it is made if need be."""
    if database.startswith(SQLITE) and len(database) > len(SQLITE):
        return SqliteCopyable(database.removeprefix(SQLITE), make=make)
    return _open_postgres(database, partial(_postgres_copyable, make=make))


def _postgres_store(database: str) -> Store:
    from application.storage.postgres import PostgresStore  # noqa: PLC0415 - an extra

    return PostgresStore(database)


def _postgres_copyable(database: str, *, make: bool) -> Copyable:
    from application.storage.postgres_copy import PostgresCopyable  # noqa: PLC0415 - an extra

    return PostgresCopyable(database, make=make)


def _open_postgres(database: str, opener: Callable[[str], T]) -> T:
    """What is on a PostgreSQL server, whose driver is installed only where it is wanted."""
    if not database.startswith(POSTGRES):
        raise BadDatabase(
            f"{database} is no address of a database;"
            " use sqlite:///FILE or postgresql://USER@HOST:PORT/NAME"
        )
    try:
        from application.storage.postgres_connections import BadAddress  # noqa: PLC0415
    except ImportError as error:
        raise BadDatabase(
            f"{POSTGRES} needs the PostgreSQL driver: install orderlog[postgres] ({error})"
        ) from error
    try:
        return opener(database)
    except BadAddress as error:
        raise BadDatabase(str(error)) from error
