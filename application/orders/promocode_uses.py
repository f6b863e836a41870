"""The uses of promo codes that an order can take: rows that are claimed as tickets are."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from application.catalog.cache import Catalog
from application.orders.commands import NOTHING, ChangeOrder
from application.orders.vacancy import TicketsShort
from application.ports.unit_of_work import LoadedState, ReadSet
from domain.commands import CommandMetadata
from domain.order import Order
from domain.order_promocodes import apply_promocodes, count_buyer
from domain.promocodes import Buyer, Promocode, buyers_counted, normal, uses_of
from domain.ticket_selection import asked_for

NOT_LOADED = ""
"""Stands for a use while a decision goes on only to find what else it needs."""


class UsesNeeded(Exception):
    """The decision depends on whether there are free uses with these common names."""

    def __init__(self, uses: Mapping[str, Buyer | None]) -> None:
        super().__init__(*uses)
        self.uses = uses


class FreeUses:
    """The free uses that were loaded for a decision."""

    def __init__(self, loaded: LoadedState, at: datetime, *, final: bool) -> None:
        """Unless it is `final`, freeing holds that are overdue by now might bring more."""
        self._loaded = loaded
        self._at = at
        self._final = final
        self._needed: dict[str, Buyer | None] = {}

    def take(self, uses: str, buyer: Buyer | None) -> str | None:
        """A free use with this common name. Raises `TicketsShort`."""
        sought = self._loaded.read_set
        if uses not in sought.picks if buyer is None else buyer.names[0] not in sought.seats:
            self._needed[uses] = buyer
            return NOT_LOADED
        return self._of_code(uses) if buyer is None else self._of_buyer(buyer)

    def _of_code(self, uses: str) -> str | None:
        use = next((use for use, kind in self._loaded.picks.items() if kind == uses), None)
        if use is None and not self._final:
            raise TicketsShort([], [uses])
        return use

    def _of_buyer(self, buyer: Buyer) -> str | None:
        """The first use that nobody has: its row is made when it is taken."""
        rows = {row.id: row for row in self._loaded.seats}
        for use in buyer.names:
            if use not in rows or rows[use].order is None:
                return use
        overdue = [use for use in buyer.names if rows[use].vacant_at(self._at)]
        if overdue and not self._final:
            raise TicketsShort(overdue, [])
        return None

    def refuse_unloaded(self) -> None:
        """Raise `UsesNeeded` if anything was taken that is not loaded."""
        if self._needed:
            raise UsesNeeded(self._needed)


def change_promocodes(
    order: Order,
    command: ChangeOrder,
    catalog: Catalog,
    metadata: CommandMetadata,
    free: FreeUses,
) -> None:
    """Have the order decide on the codes of a command, and on the uses that its buyer takes.

    Where none of the requested tickets could be had, codes are not applied: they come with tickets.
    Raises `UsesNeeded`, `TicketsShort`.
    """
    counts_buyer = command.customer is not None and bool(order.promocodes)
    if command.promocodes is None and not counts_buyer:
        return
    got_nothing = asked_for(command.tickets or NOTHING) and not order.tickets
    if command.promocodes is not None and not got_nothing:
        show = catalog.shows.get(order.show)
        offered = () if show is None else show.promocodes
        apply_promocodes(order, command.promocodes, offered, metadata, free.take)
    if command.customer is not None and order.promocodes:
        count_buyer(order, metadata, free.take)
    free.refuse_unloaded()


def uses_of_new(command: ChangeOrder, offered: Iterable[Promocode]) -> UsesNeeded:
    """The uses that a new order may need for the codes of its command."""
    named = {normal(code) for code in command.promocodes or ()}
    codes = [each for each in offered if normal(each.code) in named]
    email = None if command.customer is None else command.customer.email
    needed: dict[str, Buyer | None] = {
        uses_of(each.id): None for each in codes if each.limit is not None
    }
    return UsesNeeded(needed | {each.uses: each for _, each in buyers_counted(codes, email)})


def with_uses(read_set: ReadSet, needed: UsesNeeded) -> ReadSet:
    """The read set with the uses that a decision needs."""
    picks = {uses: 1 for uses, buyer in needed.uses.items() if buyer is None}
    names = [name for buyer in needed.uses.values() if buyer for name in buyer.names]
    return replace(read_set, picks={**read_set.picks, **picks}, seats=(*read_set.seats, *names))
