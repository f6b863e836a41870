"""The schema of a catalogue file: the form of each value, and the type it is loaded as."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from application.catalog.cache import RATE_PER_SECOND, Partner
from application.catalog.entries import CatalogFile, PartnerEntry, ShowEntry, TicketEntry
from application.catalog.file_fields import Flag, Moment, OwnId, Reference, text, whole
from application.catalog.gateway import PaymentGateway
from application.catalog.key_form import is_strong
from application.catalog.page_schema import ShowPageIn
from application.catalog.pages import ListedShow, ShowPage
from application.catalog.partner_page_schema import PartnerPageIn, partner_page
from application.catalog.promocode_schema import MOST_PROMOCODES, MOST_SETS, PromocodeIn
from application.catalog.seat_blocks import MOST_TICKETS
from application.catalog.set_places import places_of
from application.catalog.set_schema import SetIn
from application.catalog.web_address import WebAddress
from application.payments.schemes.known import known_schemes
from domain.buyer import FIELDS
from domain.gateway import Late
from domain.payment import ConfirmedBy, PaymentSystem
from domain.refunds import RefundPolicy, RefundTerms
from domain.sale_terms import OF_A_DEAL, Deal, SaleLimits
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
        raise ValidationError(f"Is not a scheme: the schemes are {', '.join(known_schemes())}.")


def _refuse_weak_key(value: str) -> None:
    if not is_strong(value):
        raise ValidationError(
            "Is not a safe key: write 32 to 128 random hex digits, or what orderlog key create"
            " makes."
        )


class _LimitsIn(Schema):
    """How many tickets a seller may take, so that none takes all of them."""

    tickets_per_order = whole(
        "How many tickets one order may have; without it,"
        f" {OF_A_DEAL.tickets_per_order} in a deal, and any number in own sales.",
        1,
        MOST_TICKETS,
    )
    tickets_held = whole(
        "How many unpaid tickets the seller may hold at once, in all orders for the organiser's"
        f" events; without it, {OF_A_DEAL.tickets_held} in a deal, and any number in own sales.",
        1,
        MOST_TICKETS,
    )

    @post_load
    def limits(self, data: dict[str, Any], **_: Any) -> SaleLimits:
        return SaleLimits(**data)


class _PartnerIn(PartnerPageIn):
    """A partner organises events, sells tickets, or does both."""

    id = OwnId("partner", "name")
    name = text("Its name, for people and for references in this file.")
    language = text(
        "The language of its orders until the shop sends the buyer's: two small letters, in quotes"
        " where YAML reads something else; without it, none.",
        validate.Regexp(_LANGUAGE, error="Is no language: two small letters are one."),
        optional=True,
    )
    rate_per_second = whole(
        "How many requests it may send in a second, 0 for any number; without it,"
        f" {RATE_PER_SECOND}.",
        0,
        MOST_RATE,
    )
    limits = fields.Nested(
        _LimitsIn,
        load_default=None,
        metadata={"description": "Limits of its sales of its own events; without it, none."},
    )
    keys = fields.List(
        text(
            "Each has 32 to 128 random hex digits, or is what `orderlog key create` makes.",
            _refuse_weak_key,
        ),
        load_default=list,
        metadata={
            "description": "Its keys for the HTTP API, with the scopes of a seller. New ones are"
            " added; none is revoked by leaving it out."
        },
    )

    @post_load
    def entry(self, data: dict[str, Any], **_: Any) -> PartnerEntry:
        keys = tuple(data.pop("keys"))
        return PartnerEntry(Partner(page=partner_page(data), **data), keys)


class _Scheme(fields.String):
    @property
    def json_schema(self) -> Mapping[str, Any]:
        return {"enum": [*known_schemes()]}


class _NotificationsIn(Schema):
    """How the signatures of a gateway's notices of payments are checked."""

    scheme = _Scheme(
        required=True,
        validate=_refuse_unknown_scheme,
        metadata={"description": "The scheme by which the gateway signs."},
    )
    secrets = fields.List(
        fields.String(
            validate=validate.Regexp(
                _SECRET,
                error="Names no secret: env:NAME and file:/path do; no secret stands here.",
            )
        ),
        required=True,
        validate=validate.Length(1, MOST_SECRETS),
        metadata={
            "description": "Where the secrets are, each as `env:NAME` (a variable of the"
            " environment) or `file:/path`; a notice may be signed with any of them."
        },
    )


class _SystemIn(Schema):
    """A way in which buyers pay."""

    id = OwnId("payment system", "alias")
    alias = text("The name by which clients choose it; no other payment system may have it.")
    hold_minutes = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, MOST_MINUTES),
        metadata={"description": "How many minutes tickets are held after a payment starts."},
    )
    confirmed_by = fields.Enum(
        ConfirmedBy,
        by_value=True,
        required=True,
        metadata={
            "description": "Who may move an order to `done`; with `gateway`, a vendor's request is"
            " refused."
        },
    )
    redirect_url = WebAddress(
        validate=[
            validate.Length(max=MOST_URL),
            validate.Regexp(_QUERY_MAY_FOLLOW, error="Has to be an address without a fragment."),
        ],
        load_default=None,
        metadata={
            "description": "Where buyers are sent to pay: an http or https address without a"
            " fragment, to which `customer=` and a token are added; without it, buyers are not"
            " sent anywhere."
        },
    )
    requires = fields.List(
        fields.String(validate=validate.OneOf(FIELDS)),
        load_default=(),
        validate=validate.Length(max=len(FIELDS)),
        metadata={
            "description": "The data of the buyer without which a payment cannot start; without"
            " this field, none."
        },
    )
    late = fields.Enum(
        Late,
        by_value=True,
        load_default=Late.EQUAL_TICKETS,
        metadata={
            "description": "What to do with money that arrives after the order has ended: give the"
            " order only its own tickets (`same_tickets`), or others of the same sets that cost no"
            " more if its own are gone (`equal_tickets`), or pay the money back (`refund`)."
        },
    )
    notifications = fields.Nested(
        _NotificationsIn,
        load_default=None,
        metadata={"description": "How its gateway signs notices; without it, none are accepted."},
    )

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
    """An organiser's permission for a vendor to sell its events; own events need none."""

    id = OwnId("deal", "org", "vendor")
    org = Reference("partner", required=True, metadata={"description": "The organiser."})
    vendor = Reference("partner", required=True, metadata={"description": "The seller."})
    limits = fields.Nested(
        _LimitsIn,
        load_default=None,
        metadata={"description": "How many tickets the vendor may take."},
    )
    approves_refunds = Flag("Whether the vendor may approve refunds, as the organiser may.")

    @post_load
    def deal(self, data: dict[str, Any], **_: Any) -> Deal:
        return Deal(**data)


class _RefundsIn(Schema):
    """The terms on which buyers give tickets of an event back."""

    policy = fields.Enum(
        RefundPolicy,
        by_value=True,
        load_default=RefundPolicy.GENERAL,
        metadata={
            "description": "How much is paid back when a buyer returns tickets, fee included:"
            " with `general` the whole price, with `law_ru_193` all of it from 10 days before the"
            " event, half from 5, 30 % from 3, and then nothing."
        },
    )
    resell = Flag("Whether refunded tickets go on sale again.")

    @post_load
    def terms(self, data: dict[str, Any], **_: Any) -> RefundTerms:
        return RefundTerms(**data)


class _EventIn(Schema):
    """An event for which tickets are sold. A load gives it exactly these sets and tickets."""

    id = OwnId("event", "title", within="partner")
    org = Reference("partner", required=True, metadata={"description": "The organiser."})
    title = text("What buyers see; unique among the organiser's events that have no id here.")
    starts_at = Moment(required=True, metadata={"description": "When it begins."})
    ends_at = Moment(
        required=True, metadata={"description": "When it ends, later than `starts_at`."}
    )
    currency = text(
        "The currency of all of its prices: three capital letters.",
        validate.Regexp(_CURRENCY, error="Is not a currency: write three capital letters."),
        default=CURRENCY,
    )
    hold_minutes = fields.Integer(
        strict=True,
        validate=validate.Range(1, MOST_MINUTES),
        load_default=HOLD_MINUTES,
        metadata={"description": "How many minutes a new order holds its tickets."},
    )
    refunds = fields.Nested(
        _RefundsIn,
        load_default=RefundTerms(),
        metadata={"description": "How much is paid back for returned tickets."},
    )
    page = fields.Nested(
        ShowPageIn,
        data_key="show",
        load_default=ShowPage(),
        metadata={"description": "What web pages show of it, passed on unchanged."},
    )
    sets = fields.List(
        fields.Nested(SetIn),
        required=True,
        validate=validate.Length(1, MOST_SETS),
        metadata={"description": "Its tickets, by the name and price under which they are sold."},
    )
    promocodes = fields.List(
        fields.Nested(PromocodeIn),
        load_default=(),
        validate=validate.Length(max=MOST_PROMOCODES),
        metadata={"description": "Its codes for discounts; without this field, none."},
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
    """What is sold, by whom and at what price."""

    partners = fields.List(
        fields.Nested(_PartnerIn),
        required=True,
        validate=validate.Length(1),
        metadata={"description": "Organisers and sellers. One that is missing here stays."},
    )
    payment_systems = fields.List(
        fields.Nested(_SystemIn),
        load_default=list,
        metadata={"description": "How buyers may pay. One that is missing here stays."},
    )
    deals = fields.List(
        fields.Nested(_DealIn),
        load_default=list,
        metadata={
            "description": "Who may sell whose events. One that is missing here ends if the file"
            " has both of its partners."
        },
    )
    events = fields.List(
        fields.Nested(_EventIn),
        load_default=list,
        metadata={"description": "What is sold. One that is missing here stays."},
    )

    @post_load
    def file(self, data: dict[str, Any], **_: Any) -> CatalogFile:
        """The whole file."""
        systems = data.pop("payment_systems")
        return CatalogFile(
            payment_systems=tuple(system for system, _ in systems),
            gateways=tuple(gateway for _, gateway in systems),
            **{name: tuple(listed) for name, listed in data.items()},
        )
