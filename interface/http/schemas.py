"""The schemas of what comes in: bodies and queries. The OpenAPI document shows their words."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from application.catalog.document_types import Sale
from application.orders.queries import SORTS, OrderFilter
from application.orders.service import ChangeOrder, ChoosePayment
from domain.commands import BestAvailable, Customer, TicketsById
from domain.status import Status
from interface.http.body import RANDOM_AND_TICKETS

MOST_TICKETS = 1000
MOST_EMAIL = 254
MOST_URL = 2000
MOST_NAME = 200
MOST_PAGE = 200

OBJECT_ID = re.compile(r"[0-9a-f]{24}\Z")
LANGUAGE = re.compile(r"[a-z]{2}\Z")
MOBILE = re.compile(r"\+?\(?[0-9](?:[ ().-]{0,3}[0-9]){4,14}\Z")
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f]*\Z")
DIGITS = re.compile(r"[0-9]{1,20}\Z")
NOT_BLANK = re.compile(r".*\S")


class ObjectId(fields.String):
    """An id: 24 hex digits, written in small letters."""

    default_error_messages = {"invalid": "Is no id: 24 hex digits are one."}  # noqa: RUF012 - as marshmallow wants it

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or not OBJECT_ID.match(value.lower()):
            raise self.make_error("invalid")
        return value.lower()


class Moment(fields.String):
    """A moment: ISO 8601 with a time zone."""

    default_error_messages = {"invalid": "Is no moment: write it as ISO 8601 with a time zone."}  # noqa: RUF012

    def _deserialize(  # type: ignore[override] # a string outside, a datetime inside
        self, value: Any, *_: Any, **__: Any
    ) -> datetime:
        try:
            # An unescaped + in a query arrives as a space.
            moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)\Z", r"+\1", value))
            if moment.tzinfo is None:
                raise self.make_error("invalid")
            return moment.astimezone(UTC)
        except (ValueError, TypeError, OverflowError) as error:
            raise self.make_error("invalid") from error


class Digits(fields.Integer):
    """A whole number as it stands in an address: digits and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not DIGITS.match(value):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Count(fields.Integer):
    """A whole number in a body; to JSON 2.0 is one, too."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        return super()._deserialize(whole, attr, data, **kwargs)


class MomentRange(fields.String):
    """From a moment (included) till another (excluded), with a comma between; either may miss."""

    default_error_messages = {"invalid": "Is no range: write FROM,TILL; either may be left out."}  # noqa: RUF012

    def _deserialize(  # type: ignore[override] # a string outside, two datetimes inside
        self, value: Any, *_: Any, **__: Any
    ) -> tuple[datetime | None, datetime | None]:
        ends = value.split(",")
        if len(ends) != len(("from", "till")):
            raise self.make_error("invalid")
        from_, till = (Moment().deserialize(end.strip()) if end.strip() else None for end in ends)
        return from_, till


class Words(fields.String):
    """One or more words of an enumeration, with commas between."""

    def __init__(self, words: type[StrEnum], **kwargs: Any) -> None:
        self.words = words
        super().__init__(**kwargs)

    def _deserialize(  # type: ignore[override] # a string outside, enumeration members inside
        self, value: Any, *_: Any, **__: Any
    ) -> tuple[StrEnum, ...]:
        try:
            return tuple(self.words(word.strip()) for word in value.split(","))
        except ValueError as error:
            known = ", ".join(self.words)
            raise ValidationError(f"Is not made of these words: {known}.") from error


class Flag(fields.Boolean):
    """true or false; the strings "true" and "false" are taken, too."""

    truthy = {True, "true"}  # noqa: RUF012
    falsy = {False, "false"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Some(fields.List[Any]):
    """A list of at most `most` values; a longer one is refused before its values are read."""

    def __init__(self, cls_or_instance: Any, *, most: int, **kwargs: Any) -> None:
        self._most = validate.Length(max=most)
        super().__init__(cls_or_instance, validate=self._most, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list):
            self._most(value)
        return super()._deserialize(value, *args, **kwargs)


def text(
    most: int, description: str, pattern: re.Pattern[str] | None = None, error: str = ""
) -> fields.String:
    """A string of 1 to `most` printable characters, not only spaces; null counts as missing."""
    checks: list[Any] = [
        validate.Length(1, most),
        printable(),
        validate.Regexp(NOT_BLANK, error="Is blank."),
    ]
    if pattern is not None:
        checks.append(validate.Regexp(pattern, error=error))
    return fields.String(
        validate=checks,
        allow_none=True,
        load_default=None,
        metadata={"description": description},
    )


def printable() -> validate.Regexp:
    """The check that a string has no control characters."""
    return validate.Regexp(PRINTABLE, error="Has control characters.")


def web_address(description: str) -> fields.Url:
    """An address to send a buyer to."""
    return fields.Url(
        schemes={"http", "https"},
        require_tld=False,
        validate=[validate.Length(max=MOST_URL), printable()],
        allow_none=True,
        load_default=None,
        metadata={"description": description},
    )


class CustomerIn(Schema):
    """What the buyer says of themselves."""

    email = fields.Email(
        validate=[validate.Length(max=MOST_EMAIL), printable()],
        allow_none=True,
        load_default=None,
        metadata={"description": "The buyer's e-mail address; null counts as missing."},
    )
    first_name = text(MOST_NAME, "At most 200 printable characters.")
    last_name = text(MOST_NAME, "At most 200 printable characters.")
    mobile = text(
        32,
        "A telephone number: digits, with spaces, dots, hyphens or brackets between.",
        MOBILE,
        "Is no telephone number.",
    )
    lang = text(
        2,
        "The buyer's language: two small letters.",
        LANGUAGE,
        "Is no language: two small letters are one.",
    )

    @post_load
    def customer(self, data: dict[str, Any], **_: Any) -> Customer:
        """The wish as the domain knows it."""
        return Customer(**data)


class PaymentIn(Schema):
    """How to pay."""

    system = text(100, "The payment system, by its alias or id.")
    success_url = web_address("Where the buyer returns after paying.")
    failure_url = web_address("Where the buyer returns if the payment fails.")

    @post_load
    def payment(self, data: dict[str, Any], **_: Any) -> ChoosePayment:
        """The wish as the service knows it."""
        return ChoosePayment(**data)


class OrderChangeIn(Schema):
    """What is wished of an order. Several actions apply together or not at all."""

    contract: ClassVar = {"not": {"required": ["random", "tickets"]}}

    tickets = Some(
        ObjectId(),
        most=MOST_TICKETS,
        metadata={
            "uniqueItems": True,
            "description": "The ids of all tickets that the order is to have afterwards.",
        },
    )
    random = fields.Dict(
        keys=ObjectId(),
        values=Count(strict=True, validate=validate.Range(1, MOST_TICKETS)),
        metadata={
            "description": "How many tickets of each set the order is to have afterwards,"
            " whichever they are."
        },
    )
    all_or_nothing = Flag(
        load_default=False,
        metadata={
            "description": "true: the order gets all of these tickets or none. Otherwise it gets"
            " those that are vacant."
        },
    )
    customer = fields.Nested(
        CustomerIn,
        metadata={"description": "Who the buyer is; what is missing or null stays."},
    )
    payment = fields.Nested(
        PaymentIn, metadata={"description": "How to pay; what is missing or null stays."}
    )
    status = fields.Enum(
        Status,
        by_value=True,
        metadata={"description": "The status to move to. Clients cannot set `expired`."},
    )

    @validates_schema(pass_original=True)
    def tickets_once(self, data: dict[str, Any], original: dict[str, Any], **_: Any) -> None:
        """Tickets are named by id or wished at random, each at most once, and not too many."""
        tickets, random = data.get("tickets"), data.get("random")
        if tickets is not None and random is not None:
            raise ValidationError(RANDOM_AND_TICKETS, "random")
        if tickets is not None and len(set(tickets)) < len(tickets):
            raise ValidationError("Names a ticket twice.", "tickets")
        if random is not None and len(random) < len(original["random"]):
            raise ValidationError("Names a set twice.", "random")
        if random is not None and sum(random.values()) > MOST_TICKETS:
            raise ValidationError(f"At most {MOST_TICKETS} tickets in one order.", "random")

    def command(self, data: dict[str, Any]) -> ChangeOrder:
        """The wish as the service knows it."""
        tickets: TicketsById | BestAvailable | None = None
        if "tickets" in data:
            tickets = TicketsById(tuple(data["tickets"]))
        elif "random" in data:
            tickets = BestAvailable(data["random"])
        return ChangeOrder(
            tickets=tickets,
            all_or_nothing=data["all_or_nothing"],
            customer=data.get("customer"),
            payment=data.get("payment"),
            status=data.get("status"),
        )

    @post_load
    def change_order_command(self, data: dict[str, Any], **_: Any) -> Any:
        """The wish as the service knows it."""
        return self.command(data)


class OrderIn(OrderChangeIn):
    """A new order of an event."""

    event = ObjectId(required=True, metadata={"description": "The event to sell tickets of."})

    @post_load
    def change_order_command(self, data: dict[str, Any], **_: Any) -> Any:
        """The show's id and the wish as the service knows it."""
        return data["event"], self.command(data)


class NothingIn(Schema):
    """No parameters."""


class OrderShapeIn(Schema):
    """Which fields of an order to answer with."""

    fields_schema = fields.String(
        data_key="fields-schema",
        validate=validate.Length(1, 2000),
        load_default=None,
        metadata={
            "description": "The wanted fields, such as id,tickets{id,seat{row}},event{title{text}}."
        },
    )


class OrderViewIn(OrderShapeIn):
    """Which state of an order to show: as of a version or a moment, else the present one."""

    version = Digits(
        validate=validate.Range(1, 2**31),
        metadata={"description": "Show the order as this version left it."},
    )
    at = Moment(
        metadata={
            "description": "Show the order as it was at this moment. Not together with version."
        }
    )

    @validates_schema
    def one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        """A version is a moment: naming both says two things."""
        if "version" in data and "at" in data:
            raise ValidationError("Either version or at, not both.", "at")


class OrderListIn(OrderShapeIn):
    """Which orders to list, now or as of a moment. Ranges include their start, not their end."""

    status = Words(Status, metadata={"description": "Orders in one of these statuses."})
    event = ObjectId(metadata={"description": "Orders of this event."})
    number = Digits(
        validate=validate.Range(0, 2**53),
        metadata={"description": "The order with this number."},
    )
    created_at = MomentRange(
        metadata={"description": "Orders created in a range FROM,TILL; either may be left out."}
    )
    updated_at = MomentRange(
        metadata={"description": "Orders whose reservation last changed in a range FROM,TILL."}
    )
    sort = fields.String(
        validate=validate.OneOf([*SORTS, *(f"-{name}" for name in SORTS)]),
        load_default="-created_at",
        metadata={"description": "The field to sort by; a - before it sorts downwards."},
    )
    page_size = Digits(
        validate=validate.Range(1, MOST_PAGE),
        load_default=50,
        metadata={"description": "How many orders a page has."},
    )
    cursor = fields.String(
        validate=validate.Length(max=200),
        load_default=None,
        metadata={"description": "Continues a list: taken from the Link of the page before."},
    )
    at = Moment(
        load_default=None,
        metadata={"description": "List the orders of this moment, as they were then."},
    )

    @validates_schema
    def sorted_by_what_stays(self, data: dict[str, Any], **_: Any) -> None:
        """Where an order stood in a list by its last change is not known any more."""
        if data["at"] is not None and data["sort"].endswith("updated_at"):
            raise ValidationError("As of a moment, sort by created_at or number.", "sort")

    @post_load
    def order_filter(self, data: dict[str, Any], **_: Any) -> tuple[OrderFilter, str | None]:
        """The filter as the service knows it, and the wished fields."""
        sort = data["sort"]
        created_from, created_till = data.get("created_at", (None, None))
        updated_from, updated_till = data.get("updated_at", (None, None))
        wanted = OrderFilter(
            statuses=data.get("status", ()),
            show=data.get("event"),
            number=data.get("number"),
            created_from=created_from,
            created_till=created_till,
            updated_from=updated_from,
            updated_till=updated_till,
            sort=sort.removeprefix("-"),
            descending=sort.startswith("-"),
            page_size=data["page_size"],
            cursor=data["cursor"],
            at=data["at"],
        )
        return wanted, data["fields_schema"]


class SalesIn(Schema):
    """Sales now, or as of a moment."""

    at = Moment(
        load_default=None, metadata={"description": "The numbers as they were at this moment."}
    )


class TicketListIn(Schema):
    """Which tickets of an event to list."""

    status = Words(Sale, metadata={"description": "Tickets in one of these statuses."})
