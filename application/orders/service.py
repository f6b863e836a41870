"""The order service: loads an order's events, lets the order decide, and saves its new events."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import msgspec
import structlog
from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, Mapper

from application.catalog.access import SYSTEM
from application.catalog.cache import Catalog, CatalogCache
from application.documents.order import order_document
from application.event_log.event_mapper import EventMapper
from application.orders.buyer_ids import BuyerIds
from application.orders.command_parts import payment_of, read_set_of, sets_of
from application.orders.commands import (
    NOTHING,
    Answer,
    ChangeOrder,
    RejectedRequest,
    Request,
)
from application.orders.concurrency import InFlightRequest, InFlightRequests
from application.orders.holdings import Holdings
from application.orders.loaded_order import (
    LastSeenState,
    present_of,
    refuse_other_version,
    refuse_stranger,
)
from application.orders.promocode_uses import FreeUses, UsesNeeded, change_promocodes, with_uses
from application.orders.rejected_requests import fell_short, refused
from application.orders.snapshots import Snapshots
from application.orders.vacancy import TicketsShort, missing_tickets, vacant_tickets
from application.ports.store import Store, StoreUnavailable
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
from application.runtime.service_clock import ServiceClock
from domain.buyer import set_customer, set_vendor_data
from domain.commands import CommandMetadata
from domain.events import Idempotency
from domain.order import Order
from domain.refusals import ChangedMeanwhile, Refusal, RefusedByState, RequestReused
from domain.sale_terms import Elsewhere, SaleTerms
from domain.status import Status
from domain.ticket_selection import asked_for

TRIES = 20
NOTHING_ASKED: Mapping[str, Any] = MappingProxyType({})
_encode = msgspec.json.Encoder().encode

log = structlog.get_logger()


def _not_recorded(_: RejectedRequest) -> None:
    pass


def _no_doubt() -> bool:
    return True


class OrderService(Application[str]):
    """Handles commands on orders. Each method returns when its events are durable."""

    name = "orders"

    def __init__(
        self,
        store: Store,
        catalog_cache: CatalogCache,
        clock: ServiceClock,
        log_rejection: Callable[[RejectedRequest], None] = _not_recorded,
        holds_may_end: Callable[[], bool] = _no_doubt,
        snapshots: Snapshots | None = None,
    ) -> None:
        """Write to `store`, and pass rejected requests to `log_rejection`, which must not wait.

        While `holds_may_end` is false the time is in doubt, and no hold is ended.
        """
        self.store = store
        self._catalog_cache = catalog_cache
        self._clock = clock
        self.in_flight = InFlightRequests()
        self._holdings = Holdings(store, clock)
        self._buyers = BuyerIds(store, catalog_cache)
        self._log_rejection = log_rejection
        self._holds_may_end = holds_may_end
        self.kept_snapshots = snapshots or Snapshots()
        super().__init__({"PERSISTENCE_MODULE": "eventsourcing.popo"})

    def construct_recorder(self) -> ApplicationRecorder:
        """The recorder of the store."""
        return self.store.recorder

    def construct_mapper(self) -> Mapper[str]:
        """Stored names and bytes that do not depend on the code's layout."""
        return EventMapper()

    def create(self, show_id: str, command: ChangeOrder, request: Request) -> Answer:
        """Create an order for a show. Refuses as `Order` does, and if a deal is missing."""
        catalog = self._catalog_cache.current()
        show = catalog.show(show_id)
        vendor = request.caller.partner
        terms = catalog.terms(show.org, vendor)
        terms.refuse_new()
        if terms.limits.tickets_held is not None:
            self._holdings.look(vendor)
        self._buyers.prepare(command.customer)
        noted: list[Callable[[], None]] = []

        def decide(
            within: Any, loaded: LoadedState, *, final_attempt: bool
        ) -> Answer | IdempotencyRecord:
            if loaded.idempotency_record is not None:
                return loaded.idempotency_record
            metadata = self._metadata(request)
            vacant = vacant_tickets(
                show_id, command, {}, loaded, self._clock.latest, final_attempt=final_attempt
            )
            order = Order.create(
                new_id(metadata.at),
                loaded.number,
                show,
                vendor=vendor,
                deal=terms.deal,
                lang=request.caller.language,
                command=command.tickets or NOTHING,
                vacant=vacant,
                all_or_nothing=command.all_or_nothing,
                metadata=metadata,
                terms=terms,
                elsewhere=self._elsewhere(vendor, show.org, "", terms, command),
            )
            uses = FreeUses(loaded, metadata.at, final=final_attempt)
            self._handle(order, command, {}, catalog, metadata, uses)
            noted.append(self._holdings.note(order, terms.limits))
            return self.answer(within, order, (), request, metadata)

        answer = self.carry_out(read_set_of(command, request, new_of=show), decide, request, noted)
        self._record_shortage(answer, command, request)
        return answer

    def change(self, order_id: str, command: ChangeOrder, request: Request) -> Answer:
        """Change an order by the whole command or not at all. Refuses as `Order` does.

        A change that the order's state does not allow is a conflict (`ChangedMeanwhile`) if the
        order was changed after the request arrived: the client could not know of that.
        """
        with self.in_flight.taken(order_id) as in_flight:
            return self._change(order_id, command, request, in_flight)

    def _change(
        self, order_id: str, command: ChangeOrder, request: Request, in_flight: InFlightRequest
    ) -> Answer:
        catalog = self._catalog_cache.current()
        came_at = self._clock.of(request.caller.partner)
        seen = LastSeenState()
        self._buyers.prepare(command.customer)
        noted: list[Callable[[], None]] = []
        if command.tickets is not None:
            self._holdings.look(request.caller.partner)

        def decide(
            within: Any, loaded: LoadedState, *, final_attempt: bool
        ) -> Answer | IdempotencyRecord:
            if loaded.idempotency_record is not None:
                return loaded.idempotency_record
            metadata = self._metadata(request)
            order = self.kept_snapshots.replay(loaded.events, loaded.snapshot)
            refuse_stranger(order, order_id, request.caller)
            seen.version, seen.at = order.version, metadata.at
            before, present = owned(order), present_of(order, metadata.at)
            refuse_other_version(order, request, present)
            latest = self._clock.latest
            vacant = vacant_tickets(
                order.show, command, order.tickets, loaded, latest, final_attempt=final_attempt
            )
            try:
                uses = FreeUses(loaded, metadata.at, final=final_attempt)
                self._handle(order, command, vacant, catalog, metadata, uses)
            except RefusedByState as refusal:
                if in_flight.late or present.changed_at > came_at:
                    raise ChangedMeanwhile(reason=refusal, **present.about()) from refusal
                refusal.present = present.about()
                raise
            if order.pending:
                self.in_flight.changed(order_id, in_flight)
                limits = catalog.terms(order.org, order.vendor).limits
                noted.append(self._holdings.note(order, limits))
            return self.answer(within, order, before, request, metadata)

        try:
            snapshot = self.kept_snapshots.of(order_id)
            read_set = read_set_of(command, request, order=order_id, snapshot=snapshot)
            answer = self.carry_out(read_set, decide, request, noted)
        except (Refusal, TicketTaken) as refusal:
            self.record_rejected(order_id, seen, command, request, refusal)
            raise
        self._record_shortage(answer, command, request)
        return answer

    def expire(
        self, order_ids: Iterable[str], request_id: str, till: float | None = None
    ) -> list[str]:
        """Record for each of these orders that its hold has ended, if it has.

        `till` is the deadline of a request that needs it (`UnitOfWork.till`).

        Returns the ids of those for which it was recorded now. It can be repeated. An order that
        cannot be read is logged and does not keep the others from expiring. No hold is ended while
        the time is in doubt. Raises `StoreUnavailable`.
        """
        if not self._holds_may_end():
            return []

        def write_for(order_id: str) -> UnitOfWork[bool]:
            def decide(within: Any, loaded: LoadedState) -> bool:
                order = self.kept_snapshots.replay(loaded.events, loaded.snapshot)
                before = owned(order)
                order.expire(CommandMetadata(self._clock.of(order.vendor), SYSTEM, request_id))
                if not order.pending:
                    return False
                self.in_flight.changed(order_id)
                self.save(order, within=within, change=ticket_change(before, order))
                return True

            snapshot = self.kept_snapshots.of(order_id)
            return UnitOfWork(ReadSet(order=order_id, snapshot=snapshot), decide, till)

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

    def record_rejected(
        self,
        order: str,
        seen: LastSeenState,
        command: ChangeOrder,
        request: Request,
        refusal: Exception,
        asked: Mapping[str, Any] = NOTHING_ASKED,
    ) -> None:
        """Log a refusal, unless the caller may not see the order and so its timeline."""
        if seen.at is not None:
            self._log_rejection(
                refused(order, seen.version, seen.at, command, request, refusal, asked)
            )

    def _record_shortage(self, answer: Answer, command: ChangeOrder, request: Request) -> None:
        """Log that requested tickets were not vacant."""
        missing = missing_tickets(answer.order, command.tickets)
        if missing and not answer.repeated:
            self._log_rejection(fell_short(answer, command, request, missing))

    def _metadata(self, request: Request) -> CommandMetadata:
        caller = request.caller
        return CommandMetadata(self._clock.of(caller.partner), caller.actor, request.id)

    def _handle(
        self,
        order: Order,
        command: ChangeOrder,
        vacant: dict[str, str],
        catalog: Catalog,
        metadata: CommandMetadata,
        uses: FreeUses,
    ) -> None:
        """Have the order decide each part of the command, in the order of its life cycle."""
        if command.tickets is not None and not order.is_new:
            terms = catalog.terms(order.org, order.vendor)
            order.change_tickets(
                command.tickets,
                vacant,
                metadata,
                all_or_nothing=command.all_or_nothing,
                sets=sets_of(catalog, order.show),
                terms=terms,
                elsewhere=self._elsewhere(order.vendor, order.org, order.id, terms, command),
            )
            if command.all_or_nothing and command.status is Status.IN_PROGRESS:
                order.refuse_incomplete(command.tickets)
        if command.customer is not None:
            user = self._buyers.user(order, command.customer)
            set_customer(order, command.customer, metadata, user)
        change_promocodes(order, command, catalog, metadata, uses)
        if command.payment is not None:
            order.choose_payment(payment_of(command.payment, catalog), metadata)
        if command.vendor_data is not None:
            set_vendor_data(order, command.vendor_data, metadata)
        if command.status is not None:
            order.move_to(command.status, metadata, secrets.token_hex(20))

    def _elsewhere(
        self, vendor: str, org: str, order_id: str, terms: SaleTerms, command: ChangeOrder
    ) -> Elsewhere:
        """What the vendor's other orders hold."""
        wanted = asked_for(command.tickets or NOTHING)
        return self._holdings.elsewhere(vendor, org, order_id, terms.limits, wanted)

    def answer(
        self,
        within: Any,
        order: Order,
        before: Sequence[str],
        request: Request,
        metadata: CommandMetadata,
        *,
        documented: bool = True,
    ) -> Answer:
        """Save the new events, the changes of ticket rows, and the idempotency record.

        An answer with new events shows the order at their time, whatever the clock shows, so that
        the idempotency record follows from the events alone. Callers that do not show the order
        pass `documented=False`.
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
            # Not Application.save: its checks of protocols cost more than the rest of its work.
            self.events.put(
                events, within=within, change=change, idempotency_record=idempotency_record
            )
        document = _encode(order_document(order, at)) if documented else b""
        return Answer(order, at, document=document)

    def carry_out(
        self,
        read_set: ReadSet,
        decide: Callable[..., Answer | IdempotencyRecord],
        request: Request,
        noted: list[Callable[[], None]],
    ) -> Answer:
        """Carry out a decision; repeat it after a lost race or after overdue holds were freed.

        Holdings that were `noted` are undone before each repetition and after a failure.
        """
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
            while noted:
                noted.pop()()
            if isinstance(outcome, UsesNeeded):
                read_set = with_uses(read_set, outcome)
            elif isinstance(outcome, TicketsShort):
                loaded = self.store.overdue(outcome.seats, outcome.sets, self._clock.latest())
                overdue = [each for each in loaded if each not in asked_to_expire]
                self.expire(overdue, request.id, till)
                asked_to_expire.update(overdue)
                final_attempt = not overdue
            elif not isinstance(outcome, TicketTaken):
                raise outcome
        raise TicketTaken

    def _repeated(self, record: IdempotencyRecord, request: Request) -> Answer:
        """The first answer again: the order after that request."""
        if record.fingerprint != request.fingerprint:
            raise RequestReused
        order, position = self.kept_snapshots.at_version(self.store, record.order, record.version)
        return Answer(order, record.at, position, repeated=True)
