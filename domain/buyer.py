"""What an order knows of its buyer, and what its vendor keeps with it for itself."""

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain import refusals
from domain.commands import CommandMetadata, Customer, VendorData
from domain.events import CustomerSet, Event, VendorDataSet
from domain.same_json import as_json
from domain.status import Status

if TYPE_CHECKING:
    from domain.order import Order

FIELDS = Customer.__struct_fields__
"""What a buyer can say of themselves, and what a payment system may demand."""


class Buyer(Customer, omit_defaults=True, kw_only=True):
    """The buyer as an order knows them.

    `user` is the id of the buyer with the address `email` at this vendor. `named`: something was
    said of the buyer. Until then the language is the vendor's, if it has one.
    """

    user: str | None = None
    named: bool = False


def set_customer(
    order: "Order", customer: Customer, metadata: CommandMetadata, user: str | None = None
) -> None:
    """Record what the buyer says of themselves; what is None stays as it was.

    `user` is the id of the buyer with the address that the order has afterwards.
    """
    news = {
        name: value
        for name in FIELDS
        if (value := getattr(customer, name)) is not None and value != getattr(order.customer, name)
    }
    if not news:
        return
    status = order.status_at(metadata.at)
    if status is not Status.EXECUTED:
        raise refusals.CustomerLocked(status=status)
    order.refuse_growth()
    order.record(CustomerSet, metadata, **news, user=None if user == order.customer.user else user)


def refuse_unnamed(order: "Order") -> None:
    """Refuse unless the buyer has said all that the payment system and the promo codes demand."""
    demanded = () if order.system is None else order.system.requires
    missing = ", ".join(name for name in demanded if getattr(order.customer, name) is None)
    if order.system is not None and missing:
        raise refusals.CustomerIncomplete(system=order.system.alias, missing=missing)
    counted = next((each.code for each in order.promocodes if each.per_buyer is not None), None)
    if counted is not None and order.customer.email is None:
        raise refusals.PromocodeNeedsBuyer(promocode=counted, missing="email")


def set_vendor_data(order: "Order", data: VendorData, metadata: CommandMetadata) -> None:
    """Record what the vendor keeps with the order. What is None stays, `raw` is replaced whole.

    It is the vendor's own bookkeeping: no status of the order stands in its way.
    """
    news: dict[str, Any] = {}
    if data.order_id not in {None, order.vendor_data.order_id}:
        news["order_id"] = data.order_id
    if data.raw is not None and as_json(data.raw) != as_json(order.vendor_data.raw):
        news["raw"] = data.raw
    if news:
        order.refuse_growth()
        order.record(VendorDataSet, metadata, **news)


def _apply_customer(order: "Order", event: CustomerSet) -> None:
    order.customer.named = True
    for name in (*FIELDS, "user"):
        value = getattr(event, name)
        if value is not None:
            setattr(order.customer, name, value)


def _apply_vendor_data(order: "Order", event: VendorDataSet) -> None:
    known = order.vendor_data
    order.vendor_data = VendorData(
        order_id=known.order_id if event.order_id is None else event.order_id,
        raw=known.raw if event.raw is None else event.raw,
    )


BUYER_APPLY: MappingProxyType[type[Event], Callable[[Any, Any], None]] = MappingProxyType(
    {CustomerSet: _apply_customer, VendorDataSet: _apply_vendor_data}
)
