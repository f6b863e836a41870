"""How each event of promo codes changes an order, and which codes go with its tickets."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain.commands import CommandMetadata
from domain.events import Event, PromocodesApplied, PromocodeUsesChanged
from domain.promocodes import Discount, discounts_of, promocode_of

if TYPE_CHECKING:
    from domain.order import Order


def _applied(order: "Order", event: PromocodesApplied) -> None:
    order.shows_discount = True
    order.promocodes = event.promocodes
    order.discounts = event.discounts
    order.uses = event.uses
    order.updated_at = event.at


def _uses_changed(order: "Order", event: PromocodeUsesChanged) -> None:
    order.uses = event.uses


def drop_unfit_promocodes(order: "Order", metadata: CommandMetadata) -> None:
    """Take off the promo codes that are not for the order's tickets as they are now."""
    fit = tuple(each for each in order.promocodes if each.fits(order.tickets))
    if fit == order.promocodes:
        return
    ids = {each.id for each in fit}
    order.record(
        PromocodesApplied,
        metadata,
        promocodes=fit,
        discounts=discounts_of(fit, order.prices),
        uses=tuple(use for use in order.uses if promocode_of(use) in ids),
    )


def last_discounts(events: Iterable[Event]) -> Mapping[str, Discount]:
    """The discounts that the last of an order's events left, by set."""
    applied = [event.discounts for event in events if isinstance(event, PromocodesApplied)]
    return applied[-1] if applied else {}


PROMOCODE_APPLY: MappingProxyType[type[Event], Callable[[Any, Any], None]] = MappingProxyType(
    {PromocodesApplied: _applied, PromocodeUsesChanged: _uses_changed}
)
