"""The composition root: picks a store and wires the service, for HTTP, command line and tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial

import msgspec
import structlog

from application.catalog.access import Access
from application.catalog.availability import ShowQueries
from application.catalog.cache import CatalogCache
from application.catalog.key_secret import KeySecret
from application.catalog.key_usage import KeyUsage
from application.catalog.partners import PartnerQueries
from application.catalog.rates import Rates
from application.catalog.sandbox_clock import SandboxClock
from application.catalog.sandbox_mark import is_sandbox
from application.catalog.seating import Seating
from application.catalog.show_changes import ShowChanges
from application.catalog.show_list import ShowList
from application.catalog.ticket_pages import TicketPages
from application.catalog.vacancies import Vacancies
from application.database_address import (
    POSTGRES,
    SQLITE,
    BadDatabase,
    refuse_unclear_password,
    sqlite_file,
    without_passwords,
)
from application.feed.reading import FeedReader
from application.feed.tail import FeedTail
from application.feed.tickets import Tickets
from application.integrity.checkpoint import Checkpoints
from application.integrity.checkpointer import Checkpointer
from application.integrity.key_place import BESIDE as BESIDE_THE_FILE
from application.integrity.key_place import KeyPlace, default_place
from application.integrity.log_watch import LogWatch, Watcher
from application.orders.as_of import PastOrders
from application.orders.expiry import Sweeper
from application.orders.history import OrderHistory
from application.orders.list_pages import OrderLists
from application.orders.queries import OrderQueries
from application.orders.rejected_requests import RejectionLog
from application.orders.sales_report import SalesQueries
from application.orders.search import OrderSearch
from application.orders.service import OrderService
from application.orders.snapshots import Snapshots
from application.orders.timeline.timeline import OrderTimelines
from application.payments.decisions import OrderDecisions
from application.payments.gateway_service import GatewayService
from application.payments.queries import PaymentQueries
from application.payments.refund_service import RefundService
from application.payments.resolving import PaymentResolver
from application.payments.unknown_buyers import UnknownBuyers
from application.ports.backup_files import BackupRefused, Backups
from application.ports.copyable import Copyable
from application.ports.store import Layouts, Store, StoreOpener, StoreUnavailable
from application.ports.unit_of_work import T
from application.projector.acknowledgements import Acknowledgements
from application.projector.loop import Projector, begin_diverged_anew
from application.read_models.registry import PROJECTIONS
from application.runtime.installation import how_to_add
from application.runtime.service_clock import ServiceClock
from application.runtime.store_clock import StoreClock
from application.settings import BESIDE, OF_USER, PRIVATE, Settings
from application.storage.sqlite.backup import SqliteBackups
from application.storage.sqlite.copy import SqliteCopyable
from application.storage.sqlite.presence import layouts_in
from application.storage.sqlite.store import SqliteStore
from application.webhooks.address_form import AddressForm
from application.webhooks.delivery.addresses import AllowedAddresses
from application.webhooks.delivery.engine import Deliveries
from application.webhooks.delivery.keys import derived_keys
from application.webhooks.delivery.late_sender import Options
from application.webhooks.delivery.ping import ping
from application.webhooks.service import WebhookService
from domain.errors import UserError

log = structlog.get_logger()


class NoDatabase(UserError):
    """There is no log at an address, and what was asked for makes none."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"There is no log of orderlog in {where}: orderlog serve and orderlog catalog load"
            " make one."
        )


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a wired service."""

    settings: Settings
    clock: ServiceClock
    store_clock: StoreClock
    store: Store
    catalog: CatalogCache
    access: Access
    rates: Rates
    key_secret: KeySecret
    key_usage: KeyUsage
    orders: OrderService
    gateways: GatewayService
    attempts: RejectionLog
    feed: FeedReader
    feed_tail: FeedTail
    feed_tickets: Tickets
    history: OrderHistory
    timelines: OrderTimelines
    queries: OrderQueries
    past: PastOrders
    refunds: RefundService
    search: OrderSearch
    shows: ShowQueries
    show_list: ShowList
    ticket_pages: TicketPages
    order_lists: OrderLists
    seating: Seating
    sales: SalesQueries
    partners: PartnerQueries
    payments: PaymentQueries
    resolver: PaymentResolver
    unknown_buyers: UnknownBuyers
    loop: Projector
    sweeper: Sweeper
    checkpoints: Checkpoints
    checkpointer: Checkpointer
    watch: LogWatch
    watcher: Watcher
    acknowledgements: Acknowledgements
    deliveries: Deliveries
    webhooks: WebhookService

    def start(self) -> None:
        """Start all background work, as one process that does everything."""
        self.start_for_requests()
        self._start_the_rest()

    def start_for_requests(self) -> None:
        """Start what every process that answers requests needs."""
        self.store_clock.start()
        self.attempts.start()
        self.key_usage.start()
        self.catalog.start()

    def start_background_work(self) -> None:
        """Start what one process does for all: project read models, end holds, sign checkpoints."""
        self.store_clock.start()
        self._start_the_rest()

    def _start_the_rest(self) -> None:
        with suppress(StoreUnavailable):
            if settings := self.store.undurable_settings():
                log.warning("sales_not_durable", settings=list(settings))
        self.look_back()
        self.gateways.report_unreadable()
        self.watcher.start()
        self.loop.start()
        self.sweeper.start()
        self.checkpointer.start()
        if self.settings.webhooks:
            self.deliveries.start()

    def look_back(self) -> None:
        """Compare the log with what was seen of it.

        Read models of another history are begun anew, and those with columns of another version.
        """
        for projection in PROJECTIONS.values():
            with sold_without():
                if self.store.read_models().renew(projection.table):
                    log.warning("read_model_begun_anew", projection=projection.table.name)
        with sold_without():
            self.watch.look()
        with sold_without():
            begin_diverged_anew(self.store, self.watch)

    def close(self) -> None:
        """Stop everything that was started, and close everything that was opened."""
        self.loop.end()
        self.deliveries.end()
        self.feed_tail.stop()
        self.catalog.stop()
        self.deliveries.stop()
        self.checkpointer.stop()
        self.watcher.stop()
        self.sweeper.stop()
        self.loop.stop()
        self.key_usage.stop()
        self.attempts.close()
        self.store_clock.stop()
        self.orders.close()
        self.store.close()


def build(settings: Settings, clock: Callable[[], datetime] | None = None) -> Services:
    """Wire the service, by the store's clock if no other is given. Raises what opening raises.

    In a database of the sandbox each partner has a clock of its own.
    """
    store = _open_with_read_models(settings.database)
    store_clock = StoreClock(store.moment)
    clock = clock_of(store, clock or store_clock.now)
    catalog = CatalogCache(store)
    secret = KeySecret("" if settings.key_secret == OF_USER else settings.key_secret)
    usage = KeyUsage(store, clock)
    attempts = RejectionLog(store, lambda: not store_clock.too_far)
    access = Access(catalog, secret, clock, usage, sample=settings.sample)
    feed = FeedReader(store)
    sending = Options(allowed=settings.webhooks_to)
    snapshots = Snapshots()
    orders = OrderService(
        store, catalog, clock, attempts.record, lambda: store_clock.holds_may_end, snapshots
    )
    gateways = GatewayService(store, catalog, OrderDecisions(orders, clock), clock)
    shows, changes = ShowQueries(store, catalog, clock), ShowChanges(store)
    queries = OrderQueries(store, clock)
    past = PastOrders(store, settings.wait_seconds)
    history = OrderHistory(store, clock, snapshots)
    unknown_buyers = UnknownBuyers(store, clock)
    checkpoints = Checkpoints(store, clock, key_place_of(settings))
    watch = LogWatch(store, lambda: checkpoints.memory, clock)
    return Services(
        settings=settings,
        clock=clock,
        store_clock=store_clock,
        store=store,
        catalog=catalog,
        access=access,
        rates=Rates(catalog),
        key_secret=secret,
        key_usage=usage,
        orders=orders,
        gateways=gateways,
        attempts=attempts,
        feed=feed,
        feed_tail=FeedTail(store, feed),
        feed_tickets=Tickets(access, secret, clock),
        history=history,
        timelines=OrderTimelines(history, attempts, catalog, clock),
        queries=queries,
        order_lists=OrderLists(store, queries, catalog, clock),
        past=past,
        refunds=RefundService(store, catalog, OrderDecisions(orders, clock)),
        search=OrderSearch(store, clock),
        shows=shows,
        ticket_pages=TicketPages(store, shows, clock, changes),
        show_list=ShowList(catalog, clock, Vacancies(store, changes)),
        seating=Seating(store, shows, clock),
        partners=PartnerQueries(catalog),
        sales=SalesQueries(store, catalog, past),
        payments=PaymentQueries(store, history, catalog, unknown_buyers, clock),
        resolver=PaymentResolver(OrderDecisions(orders, clock)),
        unknown_buyers=unknown_buyers,
        loop=Projector(store, list(PROJECTIONS.values()), watch),
        sweeper=Sweeper(
            queries, orders, attempts, clock, settings.sweep_seconds, gateways.retry_pending
        ),
        checkpoints=checkpoints,
        checkpointer=Checkpointer(checkpoints, settings.checkpoint_seconds),
        watch=watch,
        watcher=Watcher(watch),
        acknowledgements=Acknowledgements(store, watch, checkpoints, clock),
        deliveries=Deliveries(store, derived_keys(secret), clock, sending),
        webhooks=WebhookService(
            store=store,
            feed=feed,
            secret=secret,
            clock=clock,
            form=AddressForm(AllowedAddresses(sending.allowed), bool(sending.allowed)),
            send_ping=lambda it: ping(it, store.webhooks(), derived_keys(secret), clock, sending),
        ),
    )


def clock_of(store: Store, now: Callable[[], datetime]) -> ServiceClock:
    """The clock of the service, by what its database is: looked at once, when a process begins."""
    return SandboxClock(now, store) if is_sandbox(store) else ServiceClock(now)


def _open_with_read_models(database: str) -> Store:
    """Open the store; a read model's table that cannot be made now does not prevent sales."""
    store = open_store(database)
    for projection in PROJECTIONS.values():
        with sold_without():
            store.read_models().ensure(projection.table)
    return store


@contextmanager
def sold_without() -> Iterator[None]:
    """Go on if derived tables cannot be made now: sales do not need them."""
    try:
        yield
    except StoreUnavailable as error:
        log.error("read_model_not_made", reason=str(error))


def key_place_of(settings: Settings) -> KeyPlace | None:
    """The file of the private key that checkpoints are signed with.

    For an SQLite file it has a default; elsewhere it has to be configured.
    """
    if settings.audit_key not in {PRIVATE, BESIDE, ""}:
        return KeyPlace(settings.audit_key)
    path = sqlite_file(settings.database)
    if path is None:
        return None
    return KeyPlace(path + BESIDE_THE_FILE) if settings.audit_key == BESIDE else default_place(path)


def open_store(database: str) -> Store:
    """The store that an address names."""
    if (path := sqlite_file(database)) is not None:
        return SqliteStore(path)
    return _open_postgres(database, _postgres_store)


def require_log(database: str) -> Layouts:
    """The layout of the log at an address; raises `NoDatabase` where opening would make one."""
    if database.startswith(SQLITE) and len(database) > len(SQLITE):
        where = database.removeprefix(SQLITE)
        found = layouts_in(where)
    else:
        where, found = "this PostgreSQL database", _open_postgres(database, _postgres_layouts)
    if found is None:
        raise NoDatabase(where)
    return found


def opener_of(database: str) -> StoreOpener:
    """The opener of a store for a worker process. Raises `BadDatabase`.

    The driver is imported here: a process that is forked need not do it again.
    """
    if sqlite_file(database) is None:
        _open_postgres(database, _import_postgres)
    return StoreOpener(open_store, database)


def open_copyable(database: str, *, make: bool) -> Copyable:
    """The whole database that an address names; it is created only with `make`."""
    if not make:
        require_log(database)
    if (path := sqlite_file(database)) is not None:
        return SqliteCopyable(path, make=make)
    return _open_postgres(database, partial(_postgres_copyable, make=make))


def open_backups(database: str) -> Backups:
    """The backups of the log that an address names. Raises `BackupRefused`."""
    if (path := sqlite_file(database)) is not None:
        return SqliteBackups(path)
    raise BackupRefused(
        f"{without_passwords(database)} is not an SQLite file: back up PostgreSQL with its own"
        " tools, such as pg_basebackup with an archive of its write-ahead log, or pg_dump."
    )


def open_copy(path: str) -> Store:
    """Open the log in a file, with read models to be compared with it."""
    store = open_store(SQLITE + path)
    for projection in PROJECTIONS.values():
        store.read_models().ensure(projection.table)
    return store


def _postgres_store(database: str) -> Store:
    from application.storage.postgres.store import PostgresStore  # noqa: PLC0415 - an extra

    return PostgresStore(database)


def _import_postgres(database: str) -> None:  # noqa: ARG001 - as the others
    from application.storage.postgres.store import PostgresStore  # noqa: F401, PLC0415 - an extra


def _postgres_layouts(database: str) -> Layouts | None:
    from application.storage.postgres.copy import layouts_in  # noqa: PLC0415 - an extra

    return layouts_in(database)


def _postgres_copyable(database: str, *, make: bool) -> Copyable:
    from application.storage.postgres.copy import PostgresCopyable  # noqa: PLC0415 - an extra

    return PostgresCopyable(database, make=make)


def _open_postgres(database: str, opener: Callable[[str], T]) -> T:
    """Open an address of PostgreSQL, whose driver is an extra."""
    if not database.startswith(POSTGRES):
        raise BadDatabase(
            f"{without_passwords(database)} is no address of a database;"
            " use sqlite:///FILE or postgresql://USER@HOST:PORT/NAME"
        )
    refuse_unclear_password(database)
    try:
        from application.storage.postgres.sessions import BadAddress  # noqa: PLC0415
    except ImportError as error:
        raise BadDatabase(
            f"{POSTGRES} needs the PostgreSQL driver: {how_to_add('postgres')} ({error})"
        ) from error
    try:
        return opener(database)
    except BadAddress as error:
        raise BadDatabase(without_passwords(str(error))) from error
