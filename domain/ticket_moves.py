"""Which tickets an event takes and frees: one table, which refuses events that it does not know.

Every fold over the tickets of an order follows this table, so that none of them can differ, and
none passes over an event in silence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn, Protocol, cast

from domain.errors import UnknownEvent
from domain.events import (
    CustomerSet,
    DisputeChanged,
    Event,
    MoneyKept,
    OrderCreated,
    OrderCreatedWithPromocodes,
    OrderReinstated,
    PaymentFailed,
    PaymentReceived,
    PaymentStarted,
    PaymentSystemSet,
    PromocodesApplied,
    PromocodeUsesChanged,
    RefundApproved,
    RefundFailed,
    RefundPaid,
    RefundRejected,
    RefundRequested,
    RefundRequired,
    ShortfallWaived,
    StatusChanged,
    TicketsChanged,
    VendorDataSet,
)
from domain.status import LET_GO, Status

DONE = Status.DONE
ENDED = LET_GO | {DONE}


class TicketFold(Protocol):
    """A fold over the tickets of one order, event by event."""

    def take(self, tickets: Mapping[str, str], event: Event) -> None:
        """The order holds these tickets from now on; `tickets` maps each to its set."""

    def free(self, tickets: Iterable[str], event: Event) -> None:
        """The order gives up these of its tickets."""

    def free_all(self, event: Event) -> None:
        """The order gives up all of its tickets."""

    def sell_all(self, event: Event) -> None:
        """The tickets of the order are its own for good."""

    def give_back(self, tickets: Iterable[str], event: Event) -> None:
        """These tickets, which it was sold, go on sale again."""


def follow(fold: TicketFold, events: Iterable[Event]) -> None:
    """Apply the ticket moves of an order's events to a fold. Raises `UnknownEvent`."""
    for event in events:
        move = _MOVES.get(type(event), _unknown)
        if move is not None:
            move(fold, event)


def whole_life(events: Sequence[Event]) -> tuple[OrderCreated, StatusChanged | None] | None:
    """The creation of an order, and what ended or sold it: all that most orders' tickets see.

    None for an order that something else happened to: whoever asks has to follow it event by event.
    The second is None while the tickets are held.
    """
    changes = _status_changes(tuple(map(type, events)))
    if changes is None:
        return None
    ended = None
    for place in changes:
        event = cast("StatusChanged", events[place])
        if event.status in ENDED:
            if ended is not None:
                return None
            ended = event
    return cast("OrderCreated", events[0]), ended


@lru_cache(maxsize=4096)
def _status_changes(kinds: tuple[type[Event], ...]) -> tuple[int, ...] | None:
    """The places of the changes of status, if nothing else moves tickets after the creation."""
    moves = [_MOVES.get(kind, _unknown) for kind in kinds]
    if not moves or moves[0] is not _created:
        return None
    later = [place for place, move in enumerate(moves) if place and move is not None]
    return tuple(later) if all(moves[place] is _status for place in later) else None


def _unknown(_: TicketFold, event: Event) -> NoReturn:
    raise UnknownEvent(type(event).__name__, event.originator_id)


def _created(fold: TicketFold, event: OrderCreated) -> None:
    fold.take(event.tickets, event)


def _changed(fold: TicketFold, event: TicketsChanged) -> None:
    fold.free(event.removed, event)
    fold.take(event.added, event)


def _status(fold: TicketFold, event: StatusChanged) -> None:
    if event.status is DONE:
        fold.sell_all(event)
    elif event.status in LET_GO:
        fold.free_all(event)


def _reinstated(fold: TicketFold, event: OrderReinstated) -> None:
    fold.take(event.tickets, event)


def _refunded(fold: TicketFold, event: RefundApproved) -> None:
    fold.give_back(event.resold, event)


_MOVES: dict[type[Event], Callable[[TicketFold, Any], None] | None] = {
    OrderCreated: _created,
    OrderCreatedWithPromocodes: _created,
    TicketsChanged: _changed,
    CustomerSet: None,
    VendorDataSet: None,
    PromocodesApplied: None,
    PromocodeUsesChanged: None,
    PaymentSystemSet: None,
    StatusChanged: _status,
    OrderReinstated: _reinstated,
    RefundApproved: _refunded,
    **dict.fromkeys(
        (
            PaymentStarted,
            PaymentFailed,
            PaymentReceived,
            DisputeChanged,
            RefundRequested,
            RefundRequired,
            RefundRejected,
            RefundPaid,
            RefundFailed,
            MoneyKept,
            ShortfallWaived,
        )
    ),
}
"""None: the tickets stay as they are."""
