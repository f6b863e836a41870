"""The schema of a catalogue file: the form of each value, and the type it is loaded as."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from application.catalog.cache import Partner
from application.catalog.entries import CatalogFile, PartnerEntry, ShowEntry, TicketEntry
from application.catalog.file_fields import Flag as _Flag
from application.catalog.file_fields import Moment as _Moment
from application.catalog.file_fields import Money as _Money
from application.catalog.file_fields import OneOrMany, OwnId, Reference
from application.catalog.file_fields import text as _text
from application.catalog.file_fields import whole as _whole
from application.catalog.gateway import PaymentGateway
from application.catalog.key_form import is_strong
from application.catalog.page_schema import PartnerPageIn, ShowPageIn, partner_page
from application.catalog.pages import ListedShow, ShowPage
from application.catalog.promocode_schema import MOST_PROMOCODES, MOST_SETS, PromocodeIn
from application.catalog.seat_blocks import (
    MOST_TICKETS,
    Place,
    SeatBlocks,
    spelled_out,
)
from application.catalog.set_places import places_of
from application.payments.schemes.known import known_schemes
from domain.buyer import FIELDS
from domain.gateway import Late
from domain.payment import ConfirmedBy, PaymentSystem
from domain.pricing import PriceRule
from domain.refunds import RefundPolicy, RefundTerms
from domain.sale_terms import Deal, SaleLimits
from domain.shows import CURRENCY, HOLD_MINUTES, TicketSet

MOST_MINUTES = 43_200
MOST_RATE = 1_000_000
MOST_URL = 2000
MOST_SECRETS = 10

_LANGUAGE = re.compile(r"[a-z]{2}\Z")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_SECRET = re.compile(r"(env:[A-Za-z_][A-Za-z0-9_]{0,199}|file:/[^\x00-\x1f\x7f]{1,1000})\Z")
_QUERY_MAY_FOLLOW = re.compile(r"[^\x00-\x20\x7f#]*\Z")


def _refuse_unknown_scheme(value: str) -> None:
    if value not in known_schemes():
        raise ValidationError(f"Is no scheme: {', '.join(known_schemes())} are.")


def _refuse_weak_key(value: str) -> None:
    if not is_strong(value):
        raise ValidationError(
            "Is no safe key: 32 to 128 random hex digits are one, and what orderlog key create"
            " makes."
        )


class _LimitsIn(Schema):
    tickets_per_order = _whole(1, MOST_TICKETS)
    tickets_held = _whole(1, MOST_TICKETS)

    @post_load
    def limits(self, data: dict[str, Any], **_: Any) -> SaleLimits:
        return SaleLimits(**data)


class _PartnerIn(PartnerPageIn):
    id = OwnId("partner", "name")
    name = _text()
    language = _text(
        validate.Regexp(_LANGUAGE, error="Is no language: two small letters are one."),
        optional=True,
    )
    rate_per_second = _whole(0, MOST_RATE)
    limits = fields.Nested(_LimitsIn, load_default=None)
    keys = fields.List(
        _text(_refuse_weak_key),
        load_default=list,
    )

    @post_load
    def entry(self, data: dict[str, Any], **_: Any) -> PartnerEntry:
        keys = tuple(data.pop("keys"))
        return PartnerEntry(Partner(page=partner_page(data), **data), keys)


class _NotificationsIn(Schema):
    scheme = fields.String(required=True, validate=_refuse_unknown_scheme)
    secrets = fields.List(
        fields.String(
            validate=validate.Regexp(
                _SECRET,
                error="Names no secret: env:NAME and file:/path do; no secret stands here.",
            )
        ),
        required=True,
        validate=validate.Length(1, MOST_SECRETS),
    )


class _SystemIn(Schema):
    id = OwnId("payment system", "alias")
    alias = _text()
    hold_minutes = fields.Integer(
        required=True, strict=True, validate=validate.Range(1, MOST_MINUTES)
    )
    confirmed_by = fields.Enum(ConfirmedBy, by_value=True, required=True)
    redirect_url = fields.Url(
        schemes={"http", "https"},
        require_tld=False,
        validate=[
            validate.Length(max=MOST_URL),
            validate.Regexp(_QUERY_MAY_FOLLOW, error="Has to be an address without a fragment."),
        ],
        load_default=None,
    )
    requires = fields.List(
        fields.String(validate=validate.OneOf(FIELDS)),
        load_default=(),
        validate=validate.Length(max=len(FIELDS)),
    )
    late = fields.Enum(Late, by_value=True, load_default=Late.EQUAL_TICKETS)
    notifications = fields.Nested(_NotificationsIn, load_default=None)

    @post_load
    def entry(self, data: dict[str, Any], **_: Any) -> tuple[PaymentSystem, PaymentGateway]:
        signed = data.pop("notifications") or {"scheme": "", "secrets": ()}
        gateway = PaymentGateway(
            id=data["id"],
            late=data.pop("late"),
            scheme=signed["scheme"],
            secrets=tuple(signed["secrets"]),
        )
        data["requires"] = tuple(dict.fromkeys(data["requires"]))
        return PaymentSystem(**data), gateway


class _DealIn(Schema):
    id = OwnId("deal", "org", "vendor")
    org = Reference("partner", required=True)
    vendor = Reference("partner", required=True)
    limits = fields.Nested(_LimitsIn, load_default=None)
    approves_refunds = _Flag()

    @post_load
    def deal(self, data: dict[str, Any], **_: Any) -> Deal:
        return Deal(**data)


class _RuleIn(Schema):
    id = OwnId("rule", "from", "till", within="set")
    nominal = _Money(required=True)
    extra = _Money(load_default=Decimal("0.00"))
    from_ = _Moment(data_key="from", load_default=None)
    till = _Moment(load_default=None)

    @validates_schema(skip_on_field_errors=False)
    def window(self, data: dict[str, Any], **_: Any) -> None:
        start, end = data.get("from_"), data.get("till")
        if start and end and end <= start:
            raise ValidationError("Has to be later than from.", "till")

    @post_load
    def rule(self, data: dict[str, Any], **_: Any) -> PriceRule:
        return PriceRule(**data)


class _SeatIn(Schema):
    sector = Reference("sector", within="partner", made=True)
    row = Place()
    number = Place()


class _TicketIn(Schema):
    id = OwnId("ticket", "seat", within="set")
    seat = fields.Nested(_SeatIn, load_default=dict)

    @post_load
    def entry(self, data: dict[str, Any], **_: Any) -> TicketEntry:
        return TicketEntry(**data)


class _CountIn(Schema):
    count = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_TICKETS))


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


class _SetIn(Schema):
    json_schema: ClassVar[Mapping[str, Any]] = {
        "oneOf": [{"required": ["tickets"]}, {"required": ["seats"]}]
    }

    id = OwnId("set", "name", within="event")
    name = _text()
    rules = fields.List(fields.Nested(_RuleIn), required=True, validate=validate.Length(1, 100))
    tickets = _Tickets()
    seats = SeatBlocks()

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def either(self, _data: dict[str, Any], original: Any, **_: Any) -> None:
        if ("tickets" in original) is ("seats" in original):
            raise ValidationError(
                "Say either tickets or seats: {count: 500}, or {rows: 10, numbers: 20}.", "tickets"
            )

    @post_load
    def spelled_out(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "seats" in data:
            try:
                data["tickets"] = spelled_out(data["id"], data.pop("seats"))
            except ValidationError as error:
                raise ValidationError(error.messages, "seats") from error
        return data


class _RefundsIn(Schema):
    policy = fields.Enum(RefundPolicy, by_value=True, load_default=RefundPolicy.GENERAL)
    resell = _Flag()

    @post_load
    def terms(self, data: dict[str, Any], **_: Any) -> RefundTerms:
        return RefundTerms(**data)


class _EventIn(Schema):
    id = OwnId("event", "title", within="partner")
    org = Reference("partner", required=True)
    title = _text()
    starts_at = _Moment(required=True)
    ends_at = _Moment(required=True)
    currency = _text(
        validate.Regexp(_CURRENCY, error="Is no currency: three capital letters are one."),
        default=CURRENCY,
    )
    hold_minutes = fields.Integer(
        strict=True, validate=validate.Range(1, MOST_MINUTES), load_default=HOLD_MINUTES
    )
    refunds = fields.Nested(_RefundsIn, load_default=RefundTerms())
    page = fields.Nested(ShowPageIn, data_key="show", load_default=ShowPage())
    sets = fields.List(fields.Nested(_SetIn), required=True, validate=validate.Length(1, MOST_SETS))
    promocodes = fields.List(
        fields.Nested(PromocodeIn), load_default=(), validate=validate.Length(max=MOST_PROMOCODES)
    )

    @validates_schema(skip_on_field_errors=False)
    def lifetime(self, data: dict[str, Any], **_: Any) -> None:
        start, end = data.get("starts_at"), data.get("ends_at")
        if start and end and end <= start:
            raise ValidationError("Has to be later than starts_at.", "ends_at")

    @post_load
    def entry(self, data: dict[str, Any], **_: Any) -> ShowEntry:
        tickets = {each["id"]: each["tickets"] for each in data["sets"]}
        sets = tuple(
            TicketSet(each["id"], each["name"], tuple(each["rules"]), _amount(each["tickets"]))
            for each in data.pop("sets")
        )
        promocodes = tuple(data.pop("promocodes"))
        places = places_of(tickets)
        show = ListedShow(sets=sets, promocodes=promocodes, places=places, **data)
        return ShowEntry(show, tickets)


def _amount(tickets: tuple[TicketEntry, ...] | int) -> int:
    return tickets if isinstance(tickets, int) else len(tickets)


class CatalogIn(Schema):
    partners = fields.List(fields.Nested(_PartnerIn), required=True, validate=validate.Length(1))
    payment_systems = fields.List(fields.Nested(_SystemIn), load_default=list)
    deals = fields.List(fields.Nested(_DealIn), load_default=list)
    events = fields.List(fields.Nested(_EventIn), load_default=list)

    @post_load
    def file(self, data: dict[str, Any], **_: Any) -> CatalogFile:
        """The whole file."""
        systems = data.pop("payment_systems")
        return CatalogFile(
            payment_systems=tuple(system for system, _ in systems),
            gateways=tuple(gateway for _, gateway in systems),
            **{name: tuple(listed) for name, listed in data.items()},
        )
