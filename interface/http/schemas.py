"""The schemas of what comes in: bodies and queries. The OpenAPI document shows their words."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from application.catalog.document_types import Sale
from application.orders.commands import ChangeOrder, ChoosePayment
from application.orders.queries import SORTS, OrderFilter
from application.runtime import people
from domain.commands import BestAvailable, Customer, TicketsById, VendorData
from domain.status import Status
from interface.http.body import RANDOM_AND_TICKETS
from interface.http.input_fields import (
    Count,
    Digits,
    EmailAddress,
    Few,
    Flag,
    Moment,
    MomentRange,
    ObjectId,
    PlainValue,
    PromocodeText,
    Some,
    TrueOrFalse,
    Words,
    printable,
    text,
    web_address,
)

MOST_TICKETS = 1000
MOST_CODES = 10
MOST_EMAIL = 254
MOST_NAME = 200
MOST_PAGE = 200
USUAL_PAGE = 50
MOST_CURSOR = 200
MOST_EVENT_PAGES = 100_000
MOST_EVENTS = 200
MOST_VERSION = 2**31
MOST_ORDER_ID = 64
MOST_RAW = 20
MOST_RAW_NAME = 64
MOST_RAW_TEXT = 255

LANGUAGE = re.compile(r"[a-z]{2}\Z")
MOBILE = re.compile(r"\+?\(?[0-9](?:[ ()./-]{0,3}[0-9]){4,14}\Z")


class CustomerIn(Schema):
    """Who the buyer is."""

    email = EmailAddress(
        validate=[validate.Length(max=MOST_EMAIL), printable()],
        allow_none=True,
        load_default=None,
        metadata={"description": "The buyer's e-mail address; null counts as missing."},
    )
    first_name = text(MOST_NAME, "At most 200 printable characters.", form=people.visible)
    last_name = text(MOST_NAME, "At most 200 printable characters.", form=people.visible)
    mobile = text(
        32,
        "A telephone number: digits, with spaces, dots, hyphens, slashes or brackets between.",
        MOBILE,
        "Is no telephone number.",
        people.telephone,
    )
    lang = text(
        2,
        "The buyer's language: two small letters.",
        LANGUAGE,
        "Is not a language: write two small letters.",
    )

    @post_load
    def customer(self, data: dict[str, Any], **_: Any) -> Customer:
        """The customer as the domain has it."""
        return Customer(**data)


class PaymentIn(Schema):
    """How to pay."""

    system = text(100, "The payment system, by its alias or id.")
    send_tickets = TrueOrFalse(
        allow_none=True,
        load_default=None,
        metadata={"description": "Whether the buyer wants the tickets by e-mail."},
    )
    success_url = web_address("Where the buyer returns after paying.")
    failure_url = web_address("Where the buyer returns if the payment fails.")

    @post_load
    def payment(self, data: dict[str, Any], **_: Any) -> ChoosePayment:
        """The choice as the service has it."""
        return ChoosePayment(**data)


class VendorDataIn(Schema):
    """What the vendor keeps with the order for itself."""

    order_id = text(MOST_ORDER_ID, "The order's id in the vendor's own system.")
    raw = Few(
        most=MOST_RAW,
        keys=fields.String(validate=[validate.Length(1, MOST_RAW_NAME), printable()]),
        values=PlainValue(most=MOST_RAW_TEXT),
        allow_none=True,
        load_default=None,
        metadata={
            "description": "Whatever else the vendor keeps: a text, number, true, false or null by"
            " name. It takes the place of what was there."
        },
    )

    @post_load
    def vendor_data(self, data: dict[str, Any], **_: Any) -> VendorData:
        """The data as the domain has it."""
        return VendorData(**data)


class OrderChangeIn(Schema):
    """Changes of an order. They apply together or not at all."""

    contract: ClassVar = {"not": {"required": ["random", "tickets"]}}

    tickets = Some(
        ObjectId(),
        most=MOST_TICKETS,
        metadata={
            "uniqueItems": True,
            "description": "The ids of all tickets that the order is to have afterwards.",
        },
    )
    random = Few(
        most=MOST_TICKETS,
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
        CustomerIn, metadata={"description": "Who the buyer is; what is missing or null stays."}
    )
    payment = fields.Nested(
        PaymentIn, metadata={"description": "How to pay; what is missing or null stays."}
    )
    promocodes = Some(
        PromocodeText(),
        most=MOST_CODES,
        metadata={
            "description": "The promo codes that the order is to have afterwards, in any case; each"
            " takes off what those before it left. None takes all off."
        },
    )
    vendor_data = fields.Nested(
        VendorDataIn,
        metadata={"description": "What the vendor keeps; what is missing or null stays."},
    )
    status = fields.Enum(
        Status,
        by_value=True,
        metadata={"description": "The status to move to. Clients cannot set `expired`."},
    )

    @validates_schema(pass_original=True)
    def tickets_once(self, data: dict[str, Any], original: dict[str, Any], **_: Any) -> None:
        """Tickets are named by id or by number per set, each once at most, and not too many."""
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
        """The command as the service has it."""
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
            vendor_data=data.get("vendor_data"),
            promocodes=tuple(data["promocodes"]) if "promocodes" in data else None,
        )

    @post_load
    def change_order_command(self, data: dict[str, Any], **_: Any) -> Any:
        """The command as the service has it."""
        return self.command(data)


class OrderIn(OrderChangeIn):
    """A new order of an event."""

    event = ObjectId(required=True, metadata={"description": "The event to sell tickets of."})

    @post_load
    def change_order_command(self, data: dict[str, Any], **_: Any) -> Any:
        """The show's id and the command."""
        return data["event"], self.command(data)


class NothingIn(Schema):
    """No parameters."""


def size_of_page(most: int, what: str) -> Digits:
    """How long a page of a list is at most: as long as it may be, unless something is said."""
    return Digits(
        validate=validate.Range(1, most),
        load_default=most,
        metadata={"description": f"How many {what} a page has at most."},
    )


def usual_page_size(what: str) -> Digits:
    """How many of these a page of a list has."""
    return Digits(
        validate=validate.Range(1, MOST_PAGE),
        load_default=USUAL_PAGE,
        metadata={"description": f"How many {what} a page has."},
    )


def list_cursor() -> fields.String:
    """Where a page of a list begins."""
    return fields.String(
        validate=validate.Length(max=MOST_CURSOR),
        load_default=None,
        metadata={"description": "Continues a list: taken from the Link of the page before."},
    )


def sorted_by(names: Sequence[str]) -> fields.String:
    """By which field a list is sorted, the newest first if nothing is said."""
    return fields.String(
        validate=validate.OneOf([*names, *(f"-{name}" for name in names)]),
        load_default="-created_at",
        metadata={"description": "The field to sort by; a - before it sorts downwards."},
    )


def _cursor() -> Digits:
    return Digits(
        validate=validate.Range(0, 2**53),
        load_default=0,
        metadata={"description": "Continues a list: taken from the Link of the page before."},
    )


class TicketListIn(Schema):
    """Which tickets of an event to list."""

    status = Words(Sale, metadata={"description": "Tickets in one of these statuses."})
    page_size = size_of_page(MOST_TICKETS, "tickets")
    cursor = _cursor()


class OrderTicketsIn(Schema):
    """Which of an order's tickets to list."""

    page_size = size_of_page(MOST_TICKETS, "tickets")
    cursor = _cursor()


class HistoryIn(Schema):
    """Which of an order's events to list."""

    page_size = size_of_page(MOST_EVENTS, "events")
    cursor = _cursor()


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
        validate=validate.Range(1, MOST_VERSION),
        metadata={"description": "Show the order as this version left it."},
    )
    at = Moment(
        metadata={
            "description": "Show the order as it was at this moment. Not together with version."
        }
    )

    @validates_schema
    def one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a request that names two states."""
        if "version" in data and "at" in data:
            raise ValidationError("Either version or at, not both.", "at")


class OrderListIn(OrderShapeIn):
    """Which orders to list, now or as of a moment. Ranges include their start, not their end."""

    status = Words(Status, metadata={"description": "Orders in one of these statuses."})
    event = ObjectId(metadata={"description": "Orders of this event."})
    number = Digits(
        validate=validate.Range(0, 2**53), metadata={"description": "The order with this number."}
    )
    vendor_order = fields.String(
        data_key="vendor_data.order_id",
        validate=validate.Length(1, MOST_ORDER_ID),
        metadata={"description": "Orders to which the vendor gave this id of its own."},
    )
    created_at = MomentRange(
        metadata={"description": "Orders created in a range FROM,TILL; either may be left out."}
    )
    updated_at = MomentRange(
        metadata={"description": "Orders whose reservation last changed in a range FROM,TILL."}
    )
    sort = sorted_by(tuple(SORTS))
    page_size = usual_page_size("orders")
    cursor = list_cursor()
    at = Moment(
        load_default=None,
        metadata={"description": "List the orders of this moment, as they were then."},
    )

    @validates_schema
    def sorted_by_what_stays(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse to sort a past list by the last change, which is not known of the past."""
        if data["at"] is not None and data["sort"].endswith("updated_at"):
            raise ValidationError("With at, sort by created_at or number.", "sort")

    @post_load
    def order_filter(self, data: dict[str, Any], **_: Any) -> tuple[OrderFilter, str | None]:
        """The filter as the service has it, and the requested fields."""
        sort = data["sort"]
        created_from, created_till = data.get("created_at", (None, None))
        updated_from, updated_till = data.get("updated_at", (None, None))
        wanted = OrderFilter(
            statuses=data.get("status", ()),
            show=data.get("event"),
            number=data.get("number"),
            vendor_order=data.get("vendor_order"),
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
