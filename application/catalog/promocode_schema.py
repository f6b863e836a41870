"""The schema of the promo codes in a catalogue file."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from application.catalog.file_fields import (
    MONEY,
    Moment,
    Money,
    OwnId,
    Reference,
    refuse_unless_readable,
    text,
    whole,
)
from application.catalog.seat_blocks import MOST_TICKETS
from domain.promocodes import Promocode

MOST_SETS = 1000
MOST_PROMOCODES = 1000
MOST_CODE = 100
MOST_PER_BUYER = 100
HUNDRED = Decimal(100)


class Percent(fields.Field[Decimal]):
    """A part of a price."""

    json_schema: Mapping[str, Any] = {
        **Money.json_schema,
        "maximum": 100,
        "description": "Above 0, with at most two decimals.",
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Decimal:
        if not MONEY.match(str(value)) or not 0 < Decimal(str(value)) <= HUNDRED:
            raise ValidationError("Has to be above 0 and at most 100, two decimals at most.")
        return Decimal(str(value))


class Amount(Money):
    """What is off the price of a ticket."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Decimal:
        amount = super()._deserialize(value, *args, **kwargs)
        if not amount:
            raise ValidationError("Has to be more than 0.00: a code takes something off.")
        return amount


class PromocodeIn(Schema):
    """A code that buyers enter for a discount. Give it either `percent` or `amount`."""

    id = OwnId("promo code", "code", within="event")
    code = text(
        "What buyers enter, in any case; unique in its event.",
        validate.Length(1, MOST_CODE),
        refuse_unless_readable,
    )
    sets = fields.List(
        Reference("set", within="event"),
        load_default=(),
        validate=validate.Length(1, MOST_SETS),
        metadata={
            "description": "The sets of the event for whose tickets it is; without this field, all"
            " of them."
        },
    )
    percent = Percent(
        load_default=None,
        metadata={"description": "How many per cent of each ticket's nominal price are taken off."},
    )
    amount = Amount(
        load_default=None,
        metadata={
            "description": "What is taken off each ticket's nominal price, more than 0.00; no price"
            " falls below zero."
        },
    )
    from_ = Moment(
        data_key="from",
        load_default=None,
        metadata={"description": "It can be applied from this moment on; without it, at once."},
    )
    till = Moment(
        load_default=None,
        metadata={
            "description": "It can be applied until just before this moment, which is later than"
            " `from`; without it, for ever."
        },
    )
    limit = whole(
        "How many orders, held or paid, may have it at the same time; without it, any number.",
        1,
        MOST_TICKETS,
    )
    per_buyer = whole(
        "How many orders of one buyer, known by the e-mail address, may have it at the same time;"
        " without it, any number. With it, a payment cannot start without an address.",
        1,
        MOST_PER_BUYER,
    )
    least_tickets = whole(
        "How many tickets of its sets an order needs; without it, 1.", 1, MOST_TICKETS
    )
    most_tickets = whole(
        "How many tickets of its sets an order may have, at least `least_tickets`; without it, any"
        " number.",
        1,
        MOST_TICKETS,
    )

    @validates_schema(skip_on_field_errors=False)
    def ranges(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a lifetime or a number of tickets that ends before it begins."""
        start, end = data.get("from_"), data.get("till")
        if start and end and end <= start:
            raise ValidationError("Has to be later than from.", "till")
        least, most = data.get("least_tickets"), data.get("most_tickets")
        if least and most and most < least:
            raise ValidationError("Has to be at least least_tickets.", "most_tickets")

    @validates_schema
    def one_discount(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a code that takes off nothing, or both."""
        if (data["percent"] is None) is (data["amount"] is None):
            raise ValidationError("Has to have either percent or amount.", "percent")

    @post_load
    def promocode(self, data: dict[str, Any], **_: Any) -> Promocode:
        """The promo code as it is kept."""
        data["sets"] = tuple(data["sets"])
        data["least_tickets"] = data["least_tickets"] or 1
        return Promocode(**data)
