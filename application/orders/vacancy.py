"""Which of the requested tickets are vacant, and which of them an order did not get."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from application.orders.commands import ChangeOrder
from application.ports.tickets import Ticket
from application.ports.unit_of_work import LoadedState
from domain.commands import BestAvailable, TicketsById, TicketSelection
from domain.order import Order
from domain.promocodes import is_use
from domain.refusals import TicketOfAnotherShow, UnknownTicket


class TicketsShort(Exception):
    """Fewer tickets are vacant than requested; overdue holds may still keep some."""

    def __init__(self, seats: Sequence[str], sets: Sequence[str]) -> None:
        super().__init__(seats, sets)
        self.seats = seats
        self.sets = sets


def vacant_tickets(
    show: str,
    command: ChangeOrder,
    held: Mapping[str, str],
    loaded: LoadedState,
    latest: Callable[[], datetime],
    *,
    final_attempt: bool,
) -> dict[str, str]:
    """The requested tickets that are vacant, with their sets.

    Refuses unknown tickets and those of another show. Unless it is the `final_attempt`, raises
    `TicketsShort` where freeing holds might bring more that are overdue by the `latest` clock.
    """
    seats = [
        _checked_seat(seat, show)
        for seat in loaded.seats
        if seat.id not in held and not is_use(seat.id)
    ]
    if isinstance(command.tickets, TicketsById):
        known = held.keys() | {seat.id for seat in seats}
        for ticket in command.tickets.tickets:
            if ticket not in known:
                raise UnknownTicket(ticket=ticket)
    if not final_attempt:
        overdue = [seat.id for seat in seats if seat.order and seat.vacant_at(latest())]
        short = _short_sets(command.tickets, held, loaded.picks)
        if overdue or short:
            raise TicketsShort(overdue, short)
    if not seats:
        return loaded.picks
    return {**loaded.picks, **{seat.id: seat.set for seat in seats if seat.order is None}}


def _checked_seat(seat: Ticket, show: str) -> Ticket:
    if seat.show != show:
        raise TicketOfAnotherShow(ticket=seat.id, event=show)
    return seat


def _short_sets(
    command: TicketSelection | None, held: Mapping[str, str], picks: Mapping[str, str]
) -> list[str]:
    """The sets that have fewer vacant tickets than requested."""
    if not isinstance(command, BestAvailable):
        return []
    sets = [*held.values(), *picks.values()]
    return [each for each, count in command.counts.items() if sets.count(each) < count]


def missing_tickets(order: Order, command: TicketSelection | None) -> dict[str, Any]:
    """The requested tickets that the order did not get: by id, or by set and number."""
    if isinstance(command, TicketsById):
        missing = [ticket for ticket in command.tickets if ticket not in order.tickets]
        return {"tickets": missing} if missing else {}
    if isinstance(command, BestAvailable):
        had = list(order.tickets.values())
        short = {each: count - had.count(each) for each, count in command.counts.items()}
        short = {each: count for each, count in short.items() if count > 0}
        return {"random": short} if short else {}
    return {}
