"""The writes: load an order's events, ask the order, save the events it records."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import structlog
from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, Mapper, StoredEvent

from application.catalog.access import SYSTEM, Caller
from application.catalog.cache import Catalog, CatalogCache
from application.event_log.event_mapper import EventMapper, event_of
from application.event_log.idempotency import key_digest
from application.orders.concurrency import InFlightRequest, InFlightRequests
from application.orders.document import order_document
from application.ports.store import Store, StoreUnavailable
from application.ports.tickets import Ticket
from application.ports.unit_of_work import (
    IdempotencyRecord,
    LoadedState,
    ReadSet,
    TicketTaken,
    UnitOfWork,
    Written,
)
from application.read_models.tickets import owned, ticket_change
from application.runtime.ids import new_id
from domain.commands import (
    BestAvailable,
    CommandMetadata,
    Customer,
    Payment,
    TicketsById,
    TicketSelection,
)
from domain.events import Idempotency
from domain.order import Order
from domain.refusals import (
    ChangedMeanwhile,
    NotTheVendor,
    Refusal,
    RefusedByState,
    RequestReused,
    TicketOfAnotherShow,
    UnknownOrder,
    UnknownTicket,
    VersionMismatch,
)
from domain.shows import deal_between
from domain.status import Status, next_statuses

TRIES = 20
_encode = msgspec.json.Encoder().encode
NOTHING = TicketsById(())

log = structlog.get_logger()


class ChoosePayment(msgspec.Struct, frozen=True):
    """How to pay, with the payment system by its alias or id."""

    system: str | None = None
    success_url: str | None = None
    failure_url: str | None = None


class ChangeOrder(msgspec.Struct, frozen=True):
    """What a request wants of an order. What is None is not asked for."""

    tickets: TicketSelection | None = None
    all_or_nothing: bool = False
    customer: Customer | None = None
    payment: ChoosePayment | None = None
    status: Status | None = None


class Request(msgspec.Struct, frozen=True):
    """Who asks, under which request id, and what makes it safe to repeat or to race.

    `versions` are those named by If-Match (None: any); `key` is the Idempotency-Key and
    `fingerprint` tells whether two requests are the same.
    """

    caller: Caller
    id: str
    versions: frozenset[int] | None = None
    key: str | None = None
    fingerprint: bytes = b""

    @property
    def digest(self) -> bytes:
        """The digest of the key that there is."""
        return key_digest(self.caller.partner, self.key or "")


class Answer(msgspec.Struct, frozen=True):
    """An order as it was left by a request, seen at `at`, and the log's position that shows it.

    `document` has its bytes where they were made with the decision: there they cost half.
    """

    order: Order
    at: datetime
    position: int = 0
    document: bytes = b""
    repeated: bool = False


class RejectedRequest(msgspec.Struct, frozen=True):
    """What a request wanted of an order that it met at `version`, and did not get.

    `code` is that of the refusal, or one of this file's for what is none.
    """

    order: str
    version: int
    at: datetime
    request: Request
    command: ChangeOrder
    code: str
    about: Mapping[str, Any]


TICKETS_SHORT = "tickets_short"
"""The wished tickets could not be had, or not all of them. The answer says so by what it shows."""

CONTENDED = "contended"
"""Others were faster, again and again."""


def _not_recorded(_: RejectedRequest) -> None:
    pass


def _no_doubt() -> bool:
    return True


class LastSeenState(msgspec.Struct):
    """The order as the last attempt to decide met it."""

    version: int = 0
    at: datetime | None = None


class TicketsShort(Exception):
    """Fewer tickets are vacant than wished; overdue holds may still keep some."""

    def __init__(self, seats: Sequence[str], sets: Sequence[str]) -> None:
        super().__init__(seats, sets)
        self.seats = seats
        self.sets = sets


class OrderService(Application[str]):
    """Carries out what is asked of orders. Each method returns when its events are on the disk."""

    name = "orders"

    def __init__(
        self,
        store: Store,
        catalog_cache: CatalogCache,
        clock: Callable[[], datetime],
        log_rejection: Callable[[RejectedRequest], None] = _not_recorded,
        holds_may_end: Callable[[], bool] = _no_doubt,
    ) -> None:
        """Write to `store`; `note` is told, and must not wait, when a request gets less.

        No hold is ended while `holds_may_end` says that the time is in doubt.
        """
        self.store = store
        self._catalog_cache = catalog_cache
        self._clock = clock
        self._in_flight = InFlightRequests()
        self._log_rejection = log_rejection
        self._holds_may_end = holds_may_end
        super().__init__({"PERSISTENCE_MODULE": "eventsourcing.popo"})

    def construct_recorder(self) -> ApplicationRecorder:
        """The recorder of the store that was picked at start-up."""
        return self.store.recorder

    def construct_mapper(self) -> Mapper[str]:
        """Stored names and bytes that do not depend on the code's layout."""
        return EventMapper()

    # What may be asked.

    def create(self, show_id: str, command: ChangeOrder, request: Request) -> Answer:
        """Create an order of a show. Refuses as `Order` does, and where a deal is missing."""
        catalog = self._catalog_cache.current()
        show = catalog.show(show_id)
        vendor = request.caller.partner
        deal = deal_between(catalog.deals, show.org, vendor)
        rest = msgspec.structs.replace(command, tickets=None)

        def decide(
            within: Any, loaded: LoadedState, *, final_attempt: bool
        ) -> Answer | IdempotencyRecord:
            if loaded.idempotency_record is not None:
                return loaded.idempotency_record
            metadata = self._metadata(request)
            vacant = _vacant(show_id, command, {}, loaded, metadata.at, final_attempt=final_attempt)
            order = Order.create(
                new_id(metadata.at),
                loaded.number,
                show,
                vendor=vendor,
                deal=deal,
                lang=request.caller.language,
                command=command.tickets or NOTHING,
                vacant=vacant,
                all_or_nothing=command.all_or_nothing,
                metadata=metadata,
            )
            self._handle(order, rest, {}, catalog, metadata)
            return self._save(within, order, (), request, metadata)

        answer = self._carry_out(_read_set(command, request, number=True), decide, request)
        self._record_shortage(answer, command, request)
        return answer

    def change(self, order_id: str, command: ChangeOrder, request: Request) -> Answer:
        """Change an order: all that is wished, or nothing. Refuses as `Order` does.

        What the order's state does not allow is a conflict (`ChangedMeanwhile`) where the order
        was changed after the request came: who asked could not know of it.
        """
        with self._in_flight.taken(order_id) as in_flight:
            return self._change(order_id, command, request, in_flight)

    def _change(
        self, order_id: str, command: ChangeOrder, request: Request, in_flight: InFlightRequest
    ) -> Answer:
        catalog = self._catalog_cache.current()
        came_at = self._clock()
        seen = LastSeenState()

        def decide(
            within: Any, loaded: LoadedState, *, final_attempt: bool
        ) -> Answer | IdempotencyRecord:
            if loaded.idempotency_record is not None:
                return loaded.idempotency_record
            metadata = self._metadata(request)
            order = replay(loaded.events)
            refuse_stranger(order, order_id, request.caller)
            seen.version, seen.at = order.version, metadata.at
            if order.vendor != request.caller.partner:
                raise NotTheVendor
            if request.versions is not None and order.version not in request.versions:
                raise VersionMismatch(**_present(order, metadata.at).about())
            before = owned(order)
            present = _present(order, metadata.at)
            vacant = _vacant(
                order.show, command, order.tickets, loaded, metadata.at, final_attempt=final_attempt
            )
            try:
                self._handle(order, command, vacant, catalog, metadata)
            except RefusedByState as refusal:
                if in_flight.late or present.changed_at > came_at:
                    raise ChangedMeanwhile(reason=refusal, **present.about()) from refusal
                raise
            if order.pending:
                self._in_flight.changed(order_id, in_flight)
            return self._save(within, order, before, request, metadata)

        try:
            answer = self._carry_out(_read_set(command, request, order=order_id), decide, request)
        except (Refusal, TicketTaken) as refusal:
            self._record_rejected(order_id, seen, command, request, refusal)
            raise
        self._record_shortage(answer, command, request)
        return answer

    def expire(
        self, order_ids: Iterable[str], request_id: str, till: float | None = None
    ) -> list[str]:
        """Record for each of these orders that its hold has ended, if it has.

        `till` is when a request that needs it waits no longer (`Write.till`).

        Returns the ids of those for which it was recorded now. Asking twice does no harm. One
        that cannot be read is named in the log and does not keep the others from expiring.
        Nobody's hold is ended while the time is in doubt. Raises `StoreUnavailable`.
        """
        if not self._holds_may_end():
            return []

        def write_for(order_id: str) -> UnitOfWork[bool]:
            def decide(within: Any, loaded: LoadedState) -> bool:
                order = replay(loaded.events)
                before = owned(order)
                order.expire(CommandMetadata(self._clock(), SYSTEM, request_id))
                if not order.pending:
                    return False
                self._in_flight.changed(order_id)
                self.save(order, within=within, change=ticket_change(before, order))
                return True

            return UnitOfWork(ReadSet(order=order_id), decide, till)

        ids = list(order_ids)
        expired = []
        for order_id, outcome in zip(
            ids, self.store.write_all([write_for(each) for each in ids]), strict=True
        ):
            if isinstance(outcome, StoreUnavailable):
                raise outcome
            if isinstance(outcome, Exception):
                reason = f"{type(outcome).__name__}: {outcome}"
                log.error("order_cannot_expire", order=order_id, reason=reason)
            elif outcome.result:
                expired.append(order_id)
        return expired

    # What is noted beside the events.

    def _record_rejected(
        self,
        order: str,
        seen: LastSeenState,
        command: ChangeOrder,
        request: Request,
        refusal: Exception,
    ) -> None:
        """Note what was refused, unless it was to a stranger, who has no place in the story."""
        if seen.at is None:
            return
        code = refusal.code if isinstance(refusal, Refusal) else CONTENDED
        about = refusal.about if isinstance(refusal, Refusal) else {}
        self._log_rejection(
            RejectedRequest(order, seen.version, seen.at, request, command, code, about)
        )

    def _record_shortage(self, answer: Answer, command: ChangeOrder, request: Request) -> None:
        """Note that wished tickets could not be had."""
        missing = missing_tickets(answer.order, command.tickets)
        if missing and not answer.repeated:
            order = answer.order
            self._log_rejection(
                RejectedRequest(
                    order.id, order.version, answer.at, request, command, TICKETS_SHORT, missing
                )
            )

    # How it is carried out.

    def _metadata(self, request: Request) -> CommandMetadata:
        return CommandMetadata(self._clock(), request.caller.actor, request.id)

    def _handle(
        self,
        order: Order,
        command: ChangeOrder,
        vacant: dict[str, str],
        catalog: Catalog,
        metadata: CommandMetadata,
    ) -> None:
        """Ask everything that is wished, in the order in which an order lives."""
        if command.tickets is not None:
            order.change_tickets(
                command.tickets,
                vacant,
                metadata,
                all_or_nothing=command.all_or_nothing,
                sets=_sets_of(catalog, order.show),
            )
            if command.all_or_nothing and command.status is Status.IN_PROGRESS:
                order.refuse_incomplete(command.tickets)
        if command.customer is not None:
            order.set_customer(command.customer, metadata)
        if command.payment is not None:
            order.choose_payment(_payment(command.payment, catalog), metadata)
        if command.status is not None:
            order.move_to(command.status, metadata, secrets.token_hex(20))

    def _save(
        self,
        within: Any,
        order: Order,
        before: Sequence[str],
        request: Request,
        metadata: CommandMetadata,
    ) -> Answer:
        """Save the new events, what they mean for tickets, and that this request was answered.

        An answer with new events shows the order at their time, which a clock that was set back
        does not change: so the idempotency record follows from the events alone.
        """
        events = list(order.collect_events())
        at = events[-1].at if events else metadata.at
        idempotency_record = None
        if request.key is not None:
            by = Idempotency(digest=request.digest, fingerprint=request.fingerprint)
            idempotency_record = IdempotencyRecord(
                by.digest, by.fingerprint, order.id, order.version, at
            )
            if events:
                events[-1] = msgspec.structs.replace(events[-1], idempotency=by)
        if events or idempotency_record is not None:
            change = ticket_change(before, order)
            # Not Application.save: its checks of protocols cost more than all that it does here.
            self.events.put(
                events, within=within, change=change, idempotency_record=idempotency_record
            )
        return Answer(order, at, document=_encode(order_document(order, at)))

    def _carry_out(
        self,
        read_set: ReadSet,
        decide: Callable[..., Answer | IdempotencyRecord],
        request: Request,
    ) -> Answer:
        """Have a decision carried out, again after a lost race or when overdue holds were freed."""
        final_attempt = False
        asked_to_expire = {read_set.order}
        till: float | None = None
        for _ in range(TRIES):
            write = UnitOfWork(read_set, partial(decide, final_attempt=final_attempt), till)
            outcome = self.store.write_all([write])[0]
            till = write.till
            if isinstance(outcome, Written):
                if isinstance(outcome.result, IdempotencyRecord):
                    return self._repeated(outcome.result, request)
                return msgspec.structs.replace(outcome.result, position=outcome.position)
            if isinstance(outcome, TicketsShort):
                loaded = self.store.overdue(outcome.seats, outcome.sets, self._clock())
                overdue = [each for each in loaded if each not in asked_to_expire]
                self.expire(overdue, request.id, till)
                asked_to_expire.update(overdue)
                final_attempt = not overdue
            elif not isinstance(outcome, TicketTaken):
                raise outcome
        raise TicketTaken

    def _repeated(self, idempotency_record: IdempotencyRecord, request: Request) -> Answer:
        """The first answer again: the order as that request left it."""
        if idempotency_record.fingerprint != request.fingerprint:
            raise RequestReused
        events = self.store.events(idempotency_record.order)[: idempotency_record.version]
        return Answer(replay(events), idempotency_record.at, events[-1].id, repeated=True)


def replay(stored: Iterable[StoredEvent]) -> Order:
    """The order that these stored events tell; an empty one for none."""
    return Order.replay(map(event_of, stored))


def _read_set(
    command: ChangeOrder, request: Request, *, order: str | None = None, number: bool = False
) -> ReadSet:
    tickets = command.tickets or NOTHING
    return ReadSet(
        order=order,
        number=number,
        seats=tickets.tickets if isinstance(tickets, TicketsById) else (),
        picks=tickets.counts if isinstance(tickets, BestAvailable) else {},
        request=None if request.key is None else request.digest,
    )


class Present(msgspec.Struct, frozen=True):
    """What a request that lost a race is told of the order as it is."""

    version: int
    status: Status
    changed_at: datetime

    def about(self) -> dict[str, Any]:
        """The values that go into the answer."""
        return {
            "version": self.version,
            "status": self.status,
            "allowed": next_statuses(self.status),
        }


def _present(order: Order, at: datetime) -> Present:
    return Present(order.version, order.status_at(at), order.changed_at)


def refuse_stranger(order: Order, order_id: str, caller: Caller) -> None:
    """Refuse, as if there were no such order, unless `caller` sells it or organises its show.

    An auditor reads every order.
    """
    if not order.version or not caller.sees(order.vendor, order.org):
        raise UnknownOrder(order=order_id)


def _vacant(
    show: str,
    command: ChangeOrder,
    held: Mapping[str, str],
    loaded: LoadedState,
    at: datetime,
    *,
    final_attempt: bool,
) -> dict[str, str]:
    """The wished tickets that can be had, with their sets.

    Refuses unknown tickets and those of another show. Unless `settled`, raises `TicketsShort`
    where freeing overdue holds might bring more.
    """
    seats = [_checked_seat(seat, show) for seat in loaded.seats if seat.id not in held]
    if isinstance(command.tickets, TicketsById):
        known = held.keys() | {seat.id for seat in seats}
        for ticket in command.tickets.tickets:
            if ticket not in known:
                raise UnknownTicket(ticket=ticket)
    if not final_attempt:
        overdue = [seat.id for seat in seats if seat.order and seat.vacant_at(at)]
        short = _short_sets(command.tickets, held, loaded.picks)
        if overdue or short:
            raise TicketsShort(overdue, short)
    return {**loaded.picks, **{seat.id: seat.set for seat in seats if seat.order is None}}


def _sets_of(catalog: Catalog, show_id: str) -> list[str]:
    """The sets that a show has now; none where the catalogue does not know it."""
    show = catalog.shows.get(show_id)
    return [] if show is None else [ticket_set.id for ticket_set in show.sets]


def _checked_seat(seat: Ticket, show: str) -> Ticket:
    if seat.show != show:
        raise TicketOfAnotherShow(ticket=seat.id, event=show)
    return seat


def _short_sets(
    command: TicketSelection | None, held: Mapping[str, str], picks: Mapping[str, str]
) -> list[str]:
    """The sets of which fewer tickets can be had than wished."""
    if not isinstance(command, BestAvailable):
        return []
    sets = [*held.values(), *picks.values()]
    return [each for each, count in command.counts.items() if sets.count(each) < count]


def missing_tickets(order: Order, command: TicketSelection | None) -> dict[str, Any]:
    """The wished tickets that the order does not have: by id, or by set how many."""
    if isinstance(command, TicketsById):
        missing = [ticket for ticket in command.tickets if ticket not in order.tickets]
        return {"tickets": missing} if missing else {}
    if isinstance(command, BestAvailable):
        had = list(order.tickets.values())
        short = {each: count - had.count(each) for each, count in command.counts.items()}
        short = {each: count for each, count in short.items() if count > 0}
        return {"random": short} if short else {}
    return {}


def _payment(command: ChoosePayment, catalog: Catalog) -> Payment:
    system = None if command.system is None else catalog.system(command.system)
    return Payment(system, command.success_url, command.failure_url)
