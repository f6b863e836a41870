"""An order as the documented answers show it.

The API, the command line and the console use it; the read model `orders` stores it.
"""

from datetime import datetime

from application.documents.order_types import (
    CustomerDocument,
    OrderDocument,
    OrderValuesDocument,
    PaymentDocument,
    SetValuesDocument,
    VendorDataDocument,
)
from application.runtime.amounts import written_amount
from application.runtime.clock import written
from domain.order import Order
from domain.promocodes import NO_DISCOUNT
from domain.status import Status


def order_document(order: Order, now: datetime) -> OrderDocument:
    """The documented JSON object of `order` at `now`."""
    return _document(order, order.status_at(now))


def recorded_document(order: Order) -> OrderDocument:
    """The same, as long as no hold of it has ended that is not recorded."""
    return _document(order, order.status)


def expired_document(recorded: OrderDocument) -> OrderDocument:
    """What a recorded document has become when its hold has ended since."""
    return {**recorded, "reserved_till": None, "status": Status.EXPIRED.value}


def _document(order: Order, status: Status) -> OrderDocument:
    worth = order.worth
    nominal, extra, full = (
        written_amount(worth.nominal),
        written_amount(worth.extra),
        written_amount(worth.full),
    )
    created = written(order.created_at)
    unchanged = order.updated_at == order.created_at
    return {
        "id": order.id,
        "created_at": created,
        "customer": _customer(order),
        "deal": order.deal,
        "event": order.show,
        "number": order.number,
        "org": order.org,
        "payment": _payment(order),
        "promocodes": [each.id for each in order.promocodes],
        "reserved_till": None if status is Status.EXPIRED else written(order.reserved_till),
        "rules": {ticket_set: price.rule for ticket_set, price in order.prices.items()},
        "status": status.value,
        "tickets": list(order.tickets),
        "updated_at": created if unchanged else written(order.updated_at),
        "value": full,
        "value_extra": extra,
        "values": _values(order, extra=extra, full=full, nominal=nominal),
        "vendor": order.vendor,
    }


def _values(order: Order, *, extra: str, full: str, nominal: str) -> OrderValuesDocument:
    """What the tickets are worth; with the discount where the event has promo codes."""
    values: OrderValuesDocument = {"extra": extra, "full": full, "nominal": nominal}
    if order.shows_discount:
        values["discount"] = written_amount(order.discount)
        values["sets"] = [_set(order, ticket_set) for ticket_set in order.prices]
    return values


def _set(order: Order, ticket_set: str) -> SetValuesDocument:
    price, discount = order.price(ticket_set), order.discounts.get(ticket_set, NO_DISCOUNT)
    return {
        "d": written_amount(discount.off),
        "id": ticket_set,
        "p": written_amount(price.nominal + price.extra),
        "ps": list(discount.by),
    }


def _customer(order: Order) -> CustomerDocument:
    """The buyer: only the language, until something is known of them."""
    customer = order.customer
    if not customer.named:
        return {"lang": customer.lang}
    return {
        "email": customer.email,
        "first_name": customer.first_name,
        "lang": customer.lang,
        "last_name": customer.last_name,
        "mobile": customer.mobile,
        "user": customer.user,
    }


def _payment(order: Order) -> PaymentDocument:
    """The engaged payment system: none before the payment starts, however it was chosen."""
    payment: PaymentDocument = {
        "failure_url": order.failure_url,
        "success_url": order.success_url,
        "system": order.engaged,
    }
    if order.redirect_url is not None:
        payment["redirect_url"] = order.redirect_url
    if order.send_tickets is not None:
        payment["send_tickets"] = order.send_tickets
    return payment


def vendor_data_document(order: Order) -> VendorDataDocument:
    """What the vendor keeps with the order. Answers have it only where it is asked for."""
    return {"order_id": order.vendor_data.order_id, "raw": order.vendor_data.raw or {}}
