"""Which sentences a timeline has about an order's promo codes."""

from collections.abc import Iterator

import msgspec

from application.orders.timeline.money import Sentence
from domain.events import PromocodesApplied
from domain.order import Order


def promocodes_changed(order: Order, event: PromocodesApplied) -> Iterator[Sentence]:
    """The sentences for a change of the promo codes of `order`, as it was before."""
    after = msgspec.structs.replace(order)
    after.apply(event)
    value = after.worth.full
    gone = [each.code for each in order.promocodes if each not in event.promocodes]
    if event.promocodes:
        codes = [each.code for each in event.promocodes]
        values = {"codes": ", ".join(codes), "off": after.discount, "value": value}
        yield Sentence("promocodes.applied", values)
    if gone:
        yield Sentence("promocodes.taken_off", {"codes": ", ".join(gone), "value": value})
