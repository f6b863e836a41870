"""The declared contract of the API: what comes in, and what goes out (for the OpenAPI document)."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from application.catalog.availability import Sale
from application.orders.commands import ChangeOrder, ChoosePayment
from application.orders.queries import SORTS, OrderFilter
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
MONEY = re.compile(r"[0-9]+\.[0-9]{2}\Z")


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


def text(most: int, pattern: re.Pattern[str] | None = None, says: str = "") -> fields.String:
    """A string of 1 to `most` printable characters, not only spaces; null says nothing."""
    checks: list[Any] = [
        validate.Length(1, most),
        printable(),
        validate.Regexp(NOT_BLANK, error="Is blank."),
    ]
    if pattern is not None:
        checks.append(validate.Regexp(pattern, error=says))
    return fields.String(validate=checks, allow_none=True, load_default=None)


def printable() -> validate.Regexp:
    """The check that a string has no control characters."""
    return validate.Regexp(PRINTABLE, error="Has control characters.")


def web_address() -> fields.Url:
    """An address to send a buyer to."""
    return fields.Url(
        schemes={"http", "https"},
        require_tld=False,
        validate=[validate.Length(max=MOST_URL), printable()],
        allow_none=True,
        load_default=None,
    )


class CustomerIn(Schema):
    """What the buyer says of themselves."""

    email = fields.Email(
        validate=[validate.Length(max=MOST_EMAIL), printable()], allow_none=True, load_default=None
    )
    first_name = text(MOST_NAME)
    last_name = text(MOST_NAME)
    mobile = text(32, MOBILE, "Is no telephone number.")
    lang = text(2, LANGUAGE, "Is no language: two small letters are one.")

    @post_load
    def customer(self, data: dict[str, Any], **_: Any) -> Customer:
        """The wish as the domain knows it."""
        return Customer(**data)


class PaymentIn(Schema):
    """How to pay."""

    system = text(100)
    success_url = web_address()
    failure_url = web_address()

    @post_load
    def payment(self, data: dict[str, Any], **_: Any) -> ChoosePayment:
        """The wish as the service knows it."""
        return ChoosePayment(**data)


class OrderChangeIn(Schema):
    """What is wished of an order. Several actions apply together or not at all."""

    contract: ClassVar = {"not": {"required": ["random", "tickets"]}}

    tickets = Some(ObjectId(), most=MOST_TICKETS, metadata={"uniqueItems": True})
    random = fields.Dict(
        keys=ObjectId(),
        values=Count(strict=True, validate=validate.Range(1, MOST_TICKETS)),
    )
    all_or_nothing = Flag(load_default=False)
    customer = fields.Nested(CustomerIn)
    payment = fields.Nested(PaymentIn)
    status = fields.Enum(Status, by_value=True)

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

    event = ObjectId(required=True)

    @post_load
    def change_order_command(self, data: dict[str, Any], **_: Any) -> Any:
        """The show's id and the wish as the service knows it."""
        return data["event"], self.command(data)


class NothingIn(Schema):
    """No parameters."""


class OrderShapeIn(Schema):
    """Which fields of an order to answer with."""

    fields_schema = fields.String(
        data_key="fields-schema", validate=validate.Length(1, 2000), load_default=None
    )


class OrderViewIn(OrderShapeIn):
    """Which state of an order to show: as of a version or a moment, else the present one."""

    version = Digits(validate=validate.Range(1, 2**31))
    at = Moment()

    @validates_schema
    def one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        """A version is a moment: naming both says two things."""
        if "version" in data and "at" in data:
            raise ValidationError("Either version or at, not both.", "at")


class OrderListIn(OrderShapeIn):
    """Which orders to list, now or as of a moment. Ranges include their start, not their end."""

    status = Words(Status)
    event = ObjectId()
    number = Digits(validate=validate.Range(0, 2**53))
    created_at = MomentRange()
    updated_at = MomentRange()
    sort = fields.String(
        validate=validate.OneOf([*SORTS, *(f"-{name}" for name in SORTS)]),
        load_default="-created_at",
    )
    page_size = Digits(validate=validate.Range(1, MOST_PAGE), load_default=50)
    cursor = fields.String(validate=validate.Length(max=200), load_default=None)
    at = Moment(load_default=None)

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

    at = Moment(load_default=None)


class TicketListIn(Schema):
    """Which tickets of an event to list."""

    status = Words(Sale)


class CustomerOut(Schema):
    """What is known of the buyer: only what was said."""

    email = fields.String()
    first_name = fields.String()
    lang = fields.String()
    last_name = fields.String()
    mobile = fields.String()


class PaymentOut(Schema):
    """The engaged payment system: null before the payment starts."""

    failure_url = fields.String(required=True, allow_none=True)
    redirect_url = fields.String()
    success_url = fields.String(required=True, allow_none=True)
    system = ObjectId(required=True, allow_none=True)


def money() -> fields.String:
    """An amount: a string with two decimals."""
    return fields.String(required=True, validate=validate.Regexp(MONEY))


class ValuesOut(Schema):
    """What the tickets are worth: `full` is `nominal` and `extra` together."""

    extra = money()
    full = money()
    nominal = money()


def moment_out(*, allow_none: bool = False) -> fields.String:
    """A moment: UTC with six digits of the second, the last three of them zero."""
    return fields.String(
        required=True,
        allow_none=allow_none,
        validate=validate.Regexp(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000\+00:00\Z"),
    )


class OrderOut(Schema):
    """An order, as documented."""

    id = ObjectId(required=True)
    created_at = moment_out()
    customer = fields.Nested(CustomerOut, required=True)
    deal = ObjectId(required=True, allow_none=True)
    event = ObjectId(required=True)
    number = fields.Integer(required=True)
    org = ObjectId(required=True)
    payment = fields.Nested(PaymentOut, required=True)
    promocodes = fields.List(fields.String(), required=True)
    reserved_till = moment_out(allow_none=True)
    rules = fields.Dict(keys=ObjectId(), values=ObjectId(), required=True)
    status = fields.String(required=True, validate=validate.OneOf([*Status]))
    tickets = fields.List(ObjectId(), required=True)
    updated_at = moment_out()
    value = money()
    value_extra = money()
    values = fields.Nested(ValuesOut, required=True)
    vendor = ObjectId(required=True)


class SeatOut(Schema):
    """Where a seat is; empty for a ticket without one."""

    sector = fields.Raw()
    row = fields.Raw()
    number = fields.Raw()


class TicketOut(Schema):
    """A ticket of an event, and whether it can be had."""

    id = ObjectId(required=True)
    status = fields.String(required=True, validate=validate.OneOf([*Sale]))
    set = ObjectId(required=True)
    reserved_till = moment_out(allow_none=True)
    seat = fields.Nested(SeatOut, required=True)


class OrderTicketOut(Schema):
    """A ticket of an order; `barcode` once the order is done."""

    id = ObjectId(required=True)
    serial = fields.String(required=True)
    number = fields.Integer(required=True)
    seat = fields.Nested(SeatOut, required=True)
    set = ObjectId(required=True)
    barcode = fields.String()


class TitleOut(Schema):
    """What an event is called."""

    text = fields.String(required=True)


class LifetimeOut(Schema):
    """When an event is."""

    start = moment_out()
    finish = moment_out()


class RuleOut(Schema):
    """A price rule, and whether it is the one in force."""

    id = ObjectId(required=True)
    current = fields.Boolean(required=True)
    from_ = fields.String(required=True, allow_none=True, data_key="from")
    till = fields.String(required=True, allow_none=True)
    price_org = money()
    price_extra = money()
    price = money()


class SetOut(Schema):
    """A set of tickets, how many can be had, and what one costs now (null: not on sale)."""

    id = ObjectId(required=True)
    name = fields.String(required=True)
    amount = fields.Integer(required=True)
    amount_vacant = fields.Integer(required=True)
    price_org = fields.String(required=True, allow_none=True)
    price_extra = fields.String(required=True, allow_none=True)
    price = fields.String(required=True, allow_none=True)
    rules = fields.List(fields.Nested(RuleOut), required=True)


class ShowOut(Schema):
    """An event that the key may sell."""

    id = ObjectId(required=True)
    title = fields.Nested(TitleOut, required=True)
    lifetime = fields.Nested(LifetimeOut, required=True)
    org = ObjectId(required=True)
    sets = fields.List(fields.Nested(SetOut), required=True)


class TallyOut(Schema):
    """What was held, sold and returned; `values` are those of the sold tickets."""

    orders = fields.Integer(required=True)
    held = fields.Integer(required=True)
    sold = fields.Integer(required=True)
    returned = fields.Integer(required=True)
    values = fields.Nested(ValuesOut, required=True)


class DaySalesOut(TallyOut):
    """What happened on one day, in UTC."""

    day = fields.Date(required=True)


class SetSalesOut(TallyOut):
    """How a set sells; `name` is null for one that is no longer in the catalogue."""

    id = ObjectId(required=True)
    name = fields.String(required=True, allow_none=True)
    days = fields.List(fields.Nested(DaySalesOut), required=True)


class SalesOut(TallyOut):
    """How an event sells: in all, by day, and by set and day."""

    event = ObjectId(required=True)
    days = fields.List(fields.Nested(DaySalesOut), required=True)
    sets = fields.List(fields.Nested(SetSalesOut), required=True)


class EventOut(Schema):
    """An event of an order: what, when, by whom, by which request."""

    version = fields.Integer(required=True)
    position = fields.Integer(required=True)
    at = moment_out()
    name = fields.String(required=True)
    actor = fields.String(required=True)
    request = fields.String(required=True)
    data = fields.Dict(keys=fields.String(), required=True)


class HistoryOut(Schema):
    """An order's events, oldest first."""

    id = ObjectId(required=True)
    events = fields.List(fields.Nested(EventOut), required=True)


class FaultOut(Schema):
    """One fault of a bad request, and where it is: a JSON pointer."""

    pointer = fields.String(required=True)
    detail = fields.String(required=True)


class CurrentOut(Schema):
    """The order as it is, for a request that came too late."""

    version = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf([*Status]))
    allowed = fields.List(fields.String(), required=True)


class ProblemOut(Schema):
    """A problem document (RFC 9457). `code` is stable."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    errors = fields.List(fields.Nested(FaultOut))
    current = fields.Nested(CurrentOut)


class PartnerOut(Schema):
    """A partner; `name` is null for one that is no longer in the catalogue."""

    id = ObjectId(required=True)
    name = fields.String(required=True, allow_none=True)


class NothingOut(Schema):
    """An empty object."""


class LiveOut(Schema):
    """That the process lives."""

    status = fields.String(required=True, validate=validate.Equal("live"))


class ReadyOut(Schema):
    """Whether requests can be answered, and what was found, by name."""

    ready = fields.Boolean(required=True)
    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class DocumentOut(Schema):
    """An OpenAPI document."""

    openapi = fields.String(required=True)
    info = fields.Dict(required=True)
    paths = fields.Dict(required=True)
