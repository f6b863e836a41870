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

    json_schema: Mapping[str, Any] = {**Money.json_schema, "maximum": 100}

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
    """A promo code of an event."""

    id = OwnId("promo code", "code", within="event")
    code = text(validate.Length(1, MOST_CODE), refuse_unless_readable)
    sets = fields.List(
        Reference("set", within="event"), load_default=(), validate=validate.Length(1, MOST_SETS)
    )
    percent = Percent(load_default=None)
    amount = Amount(load_default=None)
    from_ = Moment(data_key="from", load_default=None)
    till = Moment(load_default=None)
    limit = whole(1, MOST_TICKETS)
    per_buyer = whole(1, MOST_PER_BUYER)
    least_tickets = whole(1, MOST_TICKETS)
    most_tickets = whole(1, MOST_TICKETS)

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
            raise ValidationError("Takes off either percent or amount.", "percent")

    @post_load
    def promocode(self, data: dict[str, Any], **_: Any) -> Promocode:
        """The promo code as it is kept."""
        data["sets"] = tuple(data["sets"])
        data["least_tickets"] = data["least_tickets"] or 1
        return Promocode(**data)
