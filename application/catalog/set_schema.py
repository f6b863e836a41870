"""The schema of the sets of an event in a catalogue file: their price rules and tickets."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from application.catalog.entries import TicketEntry
from application.catalog.file_fields import Moment, Money, OneOrMany, OwnId, Reference, text
from application.catalog.seat_blocks import MOST_TICKETS, Place, SeatBlocks, spelled_out
from domain.pricing import PriceRule

MOST_RULES = 100


class _RuleIn(Schema):
    """A price and when it is in force. If several are, the first in the file sets the price."""

    id = OwnId("rule", "from", "till", within="set")
    nominal = Money(required=True, metadata={"description": "The organiser's price of one ticket."})
    extra = Money(
        load_default=Decimal("0.00"),
        metadata={"description": "The fee for one ticket, on top of the nominal price."},
    )
    from_ = Moment(
        data_key="from",
        load_default=None,
        metadata={"description": "In force from this moment on; without it, from the beginning."},
    )
    till = Moment(
        load_default=None,
        metadata={
            "description": "In force until just before this moment, which is later than `from`;"
            " without it, for ever."
        },
    )

    @validates_schema(skip_on_field_errors=False)
    def window(self, data: dict[str, Any], **_: Any) -> None:
        start, end = data.get("from_"), data.get("till")
        if start and end and end <= start:
            raise ValidationError("Has to be later than from.", "till")

    @post_load
    def rule(self, data: dict[str, Any], **_: Any) -> PriceRule:
        return PriceRule(**data)


class _SeatIn(Schema):
    """Where a ticket's place is. Only one with a number is a single seat."""

    sector = Reference(
        "sector", within="partner", made=True, metadata={"description": "The part of the hall."}
    )
    row = Place("The number or short name of the row.")
    number = Place(
        "The number or short name of the seat; without it, several tickets may have the same place."
    )


class _TicketIn(Schema):
    """A ticket that is listed by itself."""

    id = OwnId("ticket", "seat", within="set")
    seat = fields.Nested(
        _SeatIn,
        load_default=dict,
        metadata={"description": "Its place; without it, the ticket is for no particular place."},
    )

    @post_load
    def entry(self, data: dict[str, Any], **_: Any) -> TicketEntry:
        return TicketEntry(**data)


class _CountIn(Schema):
    """Tickets without seats, by their number only. The load gives them their ids."""

    count = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, MOST_TICKETS),
        metadata={
            "description": "How many tickets there are; a smaller count removes vacant ones."
        },
    )


class _Tickets(OneOrMany):
    """The tickets of a set: how many, or a list of them."""

    def __init__(self, **more: Any) -> None:
        super().__init__(_CountIn(), _TicketIn(many=True), **more)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[TicketEntry, ...] | int:
        if isinstance(value, dict):
            return int(self.one.load(value)["count"])
        if not isinstance(value, list) or not value:
            raise ValidationError("Has to be a list of tickets, or {count: N}.")
        return tuple(self.many.load(value))


class SetIn(Schema):
    """Tickets that are sold under one name and by the same price rules: `seats` or `tickets`."""

    json_schema: ClassVar[Mapping[str, Any]] = {
        "oneOf": [{"required": ["tickets"]}, {"required": ["seats"]}]
    }

    id = OwnId("set", "name", within="event")
    name = text("What buyers see, such as the part of the hall.")
    rules = fields.List(
        fields.Nested(_RuleIn),
        required=True,
        validate=validate.Length(1, MOST_RULES),
        metadata={
            "description": "The prices of its tickets; while none is in force, none is sold."
        },
    )
    tickets = _Tickets(
        metadata={"description": "Its tickets, by their count or one by one; instead of `seats`."}
    )
    seats = SeatBlocks(
        metadata={"description": "Its seats, by rows and numbers; instead of `tickets`."}
    )

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def either(self, _data: dict[str, Any], original: Any, **_: Any) -> None:
        """Refuse a set with both seats and tickets, or neither."""
        if ("tickets" in original) is ("seats" in original):
            raise ValidationError(
                "Say either tickets or seats: {count: 500}, or {rows: 10, numbers: 20}.", "tickets"
            )

    @post_load
    def spelled_out(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The set with its seats as tickets."""
        if "seats" in data:
            try:
                data["tickets"] = spelled_out(data["id"], data.pop("seats"))
            except ValidationError as error:
                raise ValidationError(error.messages, "seats") from error
        return data
