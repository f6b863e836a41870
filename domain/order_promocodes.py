"""How an order decides about its promo codes, and about the uses that it takes of them."""

from collections.abc import Iterable, Sequence

from domain import refusals
from domain.commands import CommandMetadata
from domain.events import PromocodesApplied, PromocodeUsesChanged
from domain.order import Order
from domain.promocodes import (
    Promocode,
    PromocodeTerms,
    Take,
    claimed_uses,
    discounts_of,
    normal,
)
from domain.status import Status


def apply_promocodes(
    order: Order,
    codes: Sequence[str],
    offered: Sequence[Promocode],
    metadata: CommandMetadata,
    take: Take,
) -> None:
    """Make the order's promo codes these, in this order; none takes all of them off.

    A code that the order has keeps its terms and its uses; any other has to be `offered`, in force,
    for the order's tickets, and not used up.
    """
    wanted = _named(order, codes, offered, metadata)
    if wanted == order.promocodes:
        return
    status = order.status_at(metadata.at)
    if status is not Status.EXECUTED:
        raise refusals.PromocodesLocked(status=status)
    order.refuse_growth()
    for terms in wanted:
        terms.refuse_tickets(order.tickets)
    uses = claimed_uses(wanted, order.customer.email, order.uses, take)
    order.record(
        PromocodesApplied,
        metadata,
        promocodes=wanted,
        discounts=discounts_of(wanted, order.prices),
        uses=uses,
    )


def count_buyer(order: Order, metadata: CommandMetadata, take: Take) -> None:
    """Take the uses that the order's codes need, since its buyer became known or changed.

    Refuses a buyer who has used a code as often as they may.
    """
    uses = claimed_uses(order.promocodes, order.customer.email, order.own_uses, take)
    if uses != order.uses:
        order.record(PromocodeUsesChanged, metadata, uses=uses)


def _named(
    order: Order, codes: Iterable[str], offered: Iterable[Promocode], metadata: CommandMetadata
) -> tuple[PromocodeTerms, ...]:
    """The terms of the named codes, each once. Refuses those that may not be applied now."""
    had = {normal(terms.code): terms for terms in order.promocodes}
    known = {normal(promocode.code): promocode for promocode in offered}
    wanted: dict[str, PromocodeTerms] = {}
    for code in codes:
        name = normal(code)
        if name in had:
            wanted[name] = had[name]
        elif name in known:
            known[name].refuse_at(metadata.at)
            wanted[name] = known[name].terms
        else:
            raise refusals.UnknownPromocode(promocode=code)
    return tuple(wanted.values())
