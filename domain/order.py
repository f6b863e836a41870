"""The aggregate `Order`: its state, the commands it decides, and how it applies each event."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

import msgspec

from domain import refusals
from domain.buyer import BUYER_APPLY, Buyer, refuse_unnamed
from domain.commands import CommandMetadata, Payment, TicketSelection, VendorData
from domain.errors import UnknownEvent
from domain.events import (
    Event,
    OrderCreated,
    OrderCreatedWithPromocodes,
    PaymentSystemSet,
    StatusChanged,
    TicketsChanged,
)
from domain.life_events import LIFE_APPLY
from domain.money import Money
from domain.money_events import MONEY_APPLY
from domain.payment import ConfirmedBy, PaymentSystem, buyer_token, redirect_address
from domain.pricing import NOTHING, Price, Worth, worth
from domain.promocode_events import PROMOCODE_APPLY, drop_unfit_promocodes
from domain.promocodes import (
    Discount,
    PromocodeTerms,
    discount_on,
    discounted,
    kind_of,
)
from domain.sale_terms import FREE, NOTHING_ELSEWHERE, Elsewhere, SaleTerms
from domain.shows import Show
from domain.status import HELD, LET_GO, MOVES, SYSTEM_ONLY, Status
from domain.ticket_selection import chosen_of, is_complete, refuse_unpriced, sets_of

MOST_CHANGES = 100
"""After this many changes only the status may change, so that no order grows without limit.

The limit bounds the size of an order's history. The cost of using it is bounded by snapshots
(`application/orders/snapshots.py`)."""
NOT_YET = datetime.max.replace(tzinfo=UTC)


class Order(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One order of one show. Built by replaying its events; changed only by recording new ones.

    Methods that decide may refuse, may record nothing, and assign nothing; `apply` assigns and
    never refuses.
    """

    id: str = ""
    version: int = 0
    number: int = 0
    show: str = ""
    org: str = ""
    vendor: str = ""
    deal: str | None = None
    status: Status = Status.EXECUTED
    created_at: datetime = NOT_YET
    updated_at: datetime = NOT_YET
    changed_at: datetime = NOT_YET
    reserved_till: datetime = NOT_YET
    prices: dict[str, Price] = msgspec.field(default_factory=dict)
    tickets: dict[str, str] = msgspec.field(default_factory=dict)
    shows_discount: bool = False
    promocodes: tuple[PromocodeTerms, ...] = ()
    discounts: dict[str, Discount] = msgspec.field(default_factory=dict)
    uses: tuple[str, ...] = ()
    customer: Buyer = msgspec.field(default_factory=Buyer)
    vendor_data: VendorData = VendorData()
    system: PaymentSystem | None = None
    success_url: str | None = None
    failure_url: str | None = None
    send_tickets: bool | None = None
    engaged: str | None = None
    redirect_url: str | None = None
    barcodes: dict[str, str] = msgspec.field(default_factory=dict)
    money: Money | None = None
    pending: list[Event] = msgspec.field(default_factory=list)

    @classmethod
    def replay(cls, events: Iterable[Event]) -> Self:
        """The order that `events` make, in the order in which they were recorded."""
        order = cls()
        for event in events:
            order.apply(event)
        return order

    def copy(self) -> Self:
        """A copy of the order, which can be changed independently."""
        return msgspec.structs.replace(
            self,
            tickets=dict(self.tickets),
            customer=msgspec.structs.replace(self.customer),
            money=self.money and self.money.copy(),
            pending=list(self.pending),
        )

    @property
    def discount(self) -> Decimal:
        """What is off the prices of its tickets."""
        return discount_on(self.tickets.values(), self.discounts)

    @property
    def is_new(self) -> bool:
        """Whether the command that is being decided has created it."""
        return bool(self.pending) and self.pending[0].originator_version == 1

    @property
    def is_free(self) -> bool:
        """Whether there is nothing to pay: then no payment system that takes money is needed."""
        return self.worth.full == NOTHING

    def status_at(self, now: datetime) -> Status:
        """The status at `now`: a hold that has ended counts, recorded or not."""
        if self.status in HELD and now >= self.reserved_till:
            return Status.EXPIRED
        return self.status

    @property
    def worth(self) -> Worth:
        """What the tickets are worth by the order's own prices, less its discount."""
        price = self.price if self.discounts else self.prices.__getitem__
        return worth(map(price, self.tickets.values()))

    def price(self, ticket_set: str) -> Price:
        """What a ticket of a set costs in this order, less its discount."""
        return discounted(self.prices[ticket_set], self.discounts.get(ticket_set))

    # Decide.

    @classmethod
    def create(
        cls,
        order_id: str,
        number: int,
        show: Show,
        *,
        vendor: str,
        deal: str | None,
        lang: str | None,
        command: TicketSelection,
        vacant: Mapping[str, str],
        all_or_nothing: bool,
        metadata: CommandMetadata,
        terms: SaleTerms = FREE,
        elsewhere: Elsewhere = NOTHING_ELSEWHERE,
    ) -> Self:
        """A new order for `show` with those of the requested tickets that are `vacant`.

        `vacant` maps a ticket to its set. With `all_or_nothing` the order is empty when one of
        the tickets is not available. It is held as long as the show says. Refuses a set without a
        price, and what the `terms` do not allow; `elsewhere` is what the vendor's other orders
        hold.
        """
        terms.refuse_new()
        terms.refuse_size(command, {})
        prices = show.prices(metadata.at)
        refuse_unpriced(show.id, show.set_ids, prices, sets_of(command, vacant))
        tickets = chosen_of(command, {}, vacant)
        if all_or_nothing and not is_complete(command, tickets):
            tickets = {}
        terms.refuse_more({}, tickets, elsewhere)
        order = cls(id=order_id)
        order.record(
            OrderCreatedWithPromocodes if show.promocodes else OrderCreated,
            metadata,
            number=number,
            show=show.id,
            org=show.org,
            vendor=vendor,
            deal=deal,
            lang=lang,
            prices=prices,
            tickets=tickets,
            reserved_till=metadata.at + timedelta(minutes=show.hold_minutes),
        )
        return order

    def change_tickets(
        self,
        command: TicketSelection,
        vacant: Mapping[str, str],
        metadata: CommandMetadata,
        *,
        all_or_nothing: bool,
        sets: Iterable[str] = (),
        terms: SaleTerms = FREE,
        elsewhere: Elsewhere = NOTHING_ELSEWHERE,
    ) -> None:
        """Make the order's tickets what `command` says, as far as `vacant` tickets allow.

        Tickets that it has already keep their places. With `all_or_nothing` nothing changes when
        one of the requested tickets is not available. During a payment some tickets can be
        removed, but not all, and none added.
        `sets` are those that the show has now, whether or not the order has a price for them.
        Refuses what the `terms` do not allow: see `create`.
        """
        existing = {*self.prices, *sets}
        wanted = sets_of(command, {**vacant, **self.tickets})
        refuse_unpriced(self.show, existing, self.prices, wanted)
        chosen = chosen_of(command, self.tickets, vacant)
        complete = is_complete(command, chosen)
        added = {ticket: chosen[ticket] for ticket in chosen if ticket not in self.tickets}
        removed = tuple(ticket for ticket in self.tickets if ticket not in chosen)
        if complete and not added and not removed:
            return
        self._refuse_ticket_change(command, chosen, metadata)
        terms.refuse_size(command, self.tickets)
        if all_or_nothing and not complete:
            return
        terms.refuse_more(self.tickets, chosen, elsewhere)
        if added or removed:
            self.refuse_growth()
            self.record(TicketsChanged, metadata, added=added, removed=removed)
            drop_unfit_promocodes(self, metadata)

    def refuse_incomplete(self, command: TicketSelection) -> None:
        """Refuse unless the order has all of the requested tickets."""
        if not is_complete(command, chosen_of(command, self.tickets, {})):
            raise refusals.TicketsIncomplete

    def choose_payment(self, payment: Payment, metadata: CommandMetadata) -> None:
        """Choose how to pay. It shows in the order only once the payment starts."""
        if payment == Payment():
            return
        system = payment.system or self.system
        if system is None:
            raise refusals.PaymentSystemMissing
        chosen = {
            name: getattr(self, name) if (said := getattr(payment, name)) is None else said
            for name in ("success_url", "failure_url", "send_tickets")
        }
        if system == self.system and all(chosen[name] == getattr(self, name) for name in chosen):
            return
        status = self.status_at(metadata.at)
        if status is not Status.EXECUTED:
            raise refusals.PaymentLocked(status=status)
        self.refuse_growth()
        self.record(PaymentSystemSet, metadata, system=system, **chosen)

    def move_to(self, wanted: Status, metadata: CommandMetadata, secret: str) -> None:
        """Move the order on as the table of moves allows.

        `secret` is 40 hex digits nobody can guess: it names the buyer to the payment system, and
        the barcodes of a paid order are derived from it.
        """
        status = self.status_at(metadata.at)
        if wanted is status:
            return
        if wanted in SYSTEM_ONLY:
            raise refusals.StatusOfTheSystem(wanted=wanted)
        if wanted not in MOVES[status]:
            raise refusals.MoveNotAllowed(status=status, wanted=wanted)
        if wanted is Status.IN_PROGRESS:
            self._start_payment(metadata, secret)
        elif wanted is Status.DONE:
            self._finish(metadata, secret)
        else:
            self.record(StatusChanged, metadata, status=wanted)

    def expire(self, metadata: CommandMetadata) -> None:
        """Record that the hold has ended, if it has; the system asks this, never a client."""
        if self.status in HELD and metadata.at >= self.reserved_till:
            self.record(StatusChanged, metadata, status=Status.EXPIRED)

    def collect_events(self) -> Sequence[Event]:
        """Hand over the events that were recorded and not saved yet."""
        events, self.pending = self.pending, []
        return events

    def refuse_growth(self) -> None:
        """Refuse a further change of an order that has reached the limit of changes."""
        if self.version > MOST_CHANGES:
            raise refusals.TooManyChanges(most=MOST_CHANGES)

    def _refuse_ticket_change(
        self, command: TicketSelection, chosen: Mapping[str, str], metadata: CommandMetadata
    ) -> None:
        status = self.status_at(metadata.at)
        if status not in HELD:
            raise refusals.TicketsLocked(status=status)
        if status is Status.IN_PROGRESS:
            if not (is_complete(command, chosen) and chosen.keys() <= self.tickets.keys()):
                raise refusals.TicketsOnlyOut
            if not chosen:
                raise refusals.NoTickets

    def _start_payment(self, metadata: CommandMetadata, secret: str) -> None:
        if not self.tickets and self.system is not None:
            raise refusals.NoTickets
        if self.system is None and (not self.tickets or not self.is_free):
            raise refusals.PaymentSystemMissing
        refuse_unnamed(self)
        address = self.system.redirect_url if self.system else None
        as_at_first = self.reserved_till - self.created_at
        hold = timedelta(minutes=self.system.hold_minutes) if self.system else as_at_first
        self.record(
            StatusChanged,
            metadata,
            status=Status.IN_PROGRESS,
            reserved_till=self._moment(metadata) + hold,
            redirect_url=redirect_address(address, buyer_token(self.id, secret))
            if address
            else None,
        )

    def _finish(self, metadata: CommandMetadata, secret: str) -> None:
        if self.system is not None and self.waits_for_gateway:
            raise refusals.ConfirmedByGateway(system=self.system.alias)
        self.finish(metadata, secret)

    @property
    def waits_for_gateway(self) -> bool:
        """Whether only the gateway of its payment system can say that it is paid."""
        by_gateway = self.system is not None and self.system.confirmed_by is ConfirmedBy.GATEWAY
        return by_gateway and not self.is_free

    def finish(self, metadata: CommandMetadata, secret: str) -> None:
        """Record that the order is done, with barcodes that only `secret` could make."""
        barcodes = {ticket: _barcode(secret, ticket) for ticket in self.tickets}
        self.record(StatusChanged, metadata, status=Status.DONE, barcodes=barcodes)

    def _moment(self, metadata: CommandMetadata) -> datetime:
        """When an event is recorded. Clocks may go back in time, an order's events never do."""
        return max(metadata.at, self.changed_at) if self.version else metadata.at

    def record(self, kind: type[Event], metadata: CommandMetadata, **fields: Any) -> None:
        """Record an event that was decided: apply it, and keep it until it is saved."""
        event = kind(
            originator_id=self.id,
            originator_version=self.version + 1,
            at=self._moment(metadata),
            actor=metadata.actor,
            request=metadata.request,
            **fields,
        )
        self.apply(event)
        self.pending.append(event)

    # Apply.

    def apply(self, event: Event) -> None:
        """Change the state as `event` says: what happened is not refused. Raises `UnknownEvent`."""
        apply = _APPLY.get(type(event))
        if apply is None:
            raise UnknownEvent(type(event).__name__, event.originator_id)
        self.version = event.originator_version
        self.changed_at = event.at
        apply(self, event)

    @property
    def holds_tickets(self) -> bool:
        """Whether the listed tickets are its own, according to the events."""
        return self.status not in LET_GO

    @property
    def own_tickets(self) -> dict[str, str]:
        """The tickets that nobody else may have, by their set."""
        if not self.holds_tickets:
            return {}
        if self.money is None:
            return self.tickets
        return {**self.tickets, **self.money.withdrawn}

    @property
    def own_uses(self) -> dict[str, str]:
        """The uses of promo codes that nobody else may have, each with the name of its kind.

        An order that has ended has given them back.
        """
        if not self.uses or not self.holds_tickets:
            return {}
        return {use: kind_of(use) for use in self.uses}

    @property
    def valid_barcodes(self) -> dict[str, str]:
        """The barcodes that are in force, by ticket: none while a payment is disputed."""
        return {} if self.money and self.money.disputed else self.barcodes


_APPLY: dict[type[Event], Callable[[Any, Any], None]] = {
    **LIFE_APPLY,
    **BUYER_APPLY,
    **PROMOCODE_APPLY,
    **MONEY_APPLY,
}


def _barcode(secret: str, ticket: str) -> str:
    """Twenty digits that follow from the secret and from nothing else that anyone knows."""
    digest = hashlib.blake2b(ticket.encode(), key=secret.encode(), digest_size=8).digest()
    return f"{int.from_bytes(digest):020d}"
