"""Reads and checks a catalogue file as a whole. Every wrong value is named by its path."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import yaml
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from application.catalog.cache import Partner
from application.runtime.ids import is_id
from domain.errors import UserError
from domain.payment import ConfirmedBy, PaymentSystem
from domain.pricing import PriceRule
from domain.shows import Deal, Show, TicketSet

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment] # ten times slower

MOST_MONEY = Decimal("9999999.99")
MOST_TICKETS = 1_000_000
MOST_MINUTES = 43_200
MOST_TEXT = 200
MOST_URL = 2000
MOST_PLACES = 1_000_000
DEEPEST = 32

_LANGUAGE = re.compile(r"[a-z]{2}\Z")
_KEY = re.compile(r"[\x21-\x7e]{16,128}\Z")
_MONEY = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?\Z")
_QUERY_MAY_FOLLOW = re.compile(r"[^\x00-\x20\x7f#]*\Z")


class BadCatalog(UserError):
    """A catalogue file with wrong values. `errors` says by path what is wrong; nothing was used."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {what}" for path, what in errors.items()))
        self.errors = errors


class TicketEntry(msgspec.Struct, frozen=True):
    """A ticket with an id of its own and, perhaps, a seat."""

    id: str
    seat: dict[str, Any]


class PartnerEntry(msgspec.Struct, frozen=True):
    """A partner with its keys in the clear, as only the file has them."""

    partner: Partner
    keys: tuple[str, ...]


class ShowEntry(msgspec.Struct, frozen=True):
    """A show and, by set, its tickets: one by one, or only how many there are."""

    show: Show
    tickets: dict[str, tuple[TicketEntry, ...] | int]


class CatalogFile(msgspec.Struct, frozen=True):
    """What a good catalogue file says."""

    partners: tuple[PartnerEntry, ...]
    payment_systems: tuple[PaymentSystem, ...]
    deals: tuple[Deal, ...]
    events: tuple[ShowEntry, ...]


def read_catalog_file(text: str | bytes) -> CatalogFile:
    """The catalogue that a file's text describes. Raises `BadCatalog` with all that is wrong."""
    document, errors = _read_yaml(text)
    errors |= _twice(_named(document)) | _unknown_partners(document) | _seats_twice(document)
    try:
        loaded: CatalogFile = _CatalogIn().load(document)
    except ValidationError as error:
        raise BadCatalog(_paths(error.messages_dict) | errors) from error
    if errors:
        raise BadCatalog(errors)
    return loaded


class _Loader(_SafeLoader):
    """Leaves a moment that does not exist as text, for its field to refuse by its path."""

    def moment_or_text(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except (AttributeError, ValueError):
            return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.moment_or_text)


def _read_yaml(text: str | bytes) -> tuple[dict[Any, Any], dict[str, str]]:
    """The document, and what its mappings name twice. Raises `BadCatalog` if it is no mapping."""
    try:
        _refuse_depth(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        twice = _named_twice(node, "", set())
        document = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, ValueError, LookupError) as error:
        raise BadCatalog({"": f"The file is no good YAML: {_problem(error)}"}) from error
    if document is None:
        raise BadCatalog({"": "The file is empty."})
    if not isinstance(document, dict):
        raise BadCatalog({"": "The file has to be a mapping with partners, events and so on."})
    return document, twice


def _problem(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"{error.problem} (line {mark.line + 1}, column {mark.column + 1})."
    return f"{' '.join(str(error).split())}."


def _refuse_depth(text: str | bytes) -> None:
    """The compiled loader recurses without a limit: a very deep file would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.YAMLError("it is nested too deeply")


def _named_twice(node: yaml.Node | None, path: str, seen: set[int]) -> dict[str, str]:
    """By path, the keys that a mapping has twice: YAML itself silently takes the last.

    `seen` has the nodes that were looked at: an alias brings the same one again.
    """
    errors: dict[str, str] = {}
    if id(node) in seen:
        return errors
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            errors |= _named_twice(item, f"{path}[{i}]", seen)
    elif isinstance(node, yaml.MappingNode):
        names = set()
        for key, value in node.value:
            step = f"{path}.{key.value}" if path else str(key.value)
            if isinstance(key, yaml.ScalarNode) and key.value in names:
                errors[step] = f"Is named twice, again in line {key.start_mark.line + 1}."
            else:
                errors |= _named_twice(value, step, seen)
            names.add(str(key.value))
    return errors


def _paths(messages: Any, path: str = "") -> dict[str, str]:
    """Marshmallow's nested messages as paths such as `events[0].sets[1].name`."""
    if isinstance(messages, dict):
        found: dict[str, str] = {}
        for name, inner in messages.items():
            if isinstance(name, int):
                step = f"{path}[{name}]"
            elif name == "_schema":
                step = path
            else:
                step = f"{path}.{name}" if path else str(name)
            found.update(_paths(inner, step))
        return found
    return {path: " ".join(messages) if isinstance(messages, list) else str(messages)}


class _Id(fields.String):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if isinstance(value, int | float):
            raise ValidationError("YAML took this for a number: write the id in quotes.")
        if not isinstance(value, str) or not is_id(value.lower()):
            raise ValidationError("Is no id: 24 hex digits are one.")
        return value.lower()


class _Money(fields.Field[Decimal]):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Decimal:
        if not _MONEY.match(str(value)):
            raise ValidationError(f"Has to be between 0.00 and {MOST_MONEY}, to the cent.")
        return Decimal(str(value)).quantize(Decimal("0.01"))


class _Moment(fields.Field[datetime]):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValidationError("Is no moment: write it as ISO 8601 with a time zone.") from error
        raise ValidationError("Has no time zone.")


def _refuse_unless_readable(value: str) -> None:
    if not value.strip():
        raise ValidationError("Has to say something.")
    if any(unicodedata.category(each) in {"Cc", "Cs"} for each in value):
        raise ValidationError("Has to be one line of text.")


def _text(*checks: Callable[[str], Any]) -> fields.String:
    return fields.String(
        required=True,
        validate=checks or (validate.Length(1, MOST_TEXT), _refuse_unless_readable),
        error_messages={"invalid": "Is no text to YAML: write it in quotes."},
    )


class _PartnerIn(Schema):
    id = _Id(required=True)
    name = _text()
    language = _text(validate.Regexp(_LANGUAGE, error="Is no language: two small letters are one."))
    keys = fields.List(
        _text(validate.Regexp(_KEY, error="Has to be 16 to 128 visible ASCII characters.")),
        load_default=list,
    )

    @post_load
    def entry(self, data: dict[str, Any], **_: Any) -> PartnerEntry:
        partner = Partner(data["id"], data["name"], data["language"])
        return PartnerEntry(partner, tuple(data["keys"]))


class _SystemIn(Schema):
    id = _Id(required=True)
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

    @post_load
    def system(self, data: dict[str, Any], **_: Any) -> PaymentSystem:
        return PaymentSystem(**data)


class _DealIn(Schema):
    id = _Id(required=True)
    org = _Id(required=True)
    vendor = _Id(required=True)

    @post_load
    def deal(self, data: dict[str, Any], **_: Any) -> Deal:
        return Deal(**data)


class _RuleIn(Schema):
    id = _Id(required=True)
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


def _refuse_unless_place(value: Any) -> None:
    """A row or a seat has a number or a short name."""
    if isinstance(value, str):
        validate.Length(1, MOST_TEXT)(value)
        _refuse_unless_readable(value)
    elif isinstance(value, bool) or not isinstance(value, int):
        raise ValidationError("Has to be a whole number or a short name.")
    else:
        validate.Range(0, MOST_PLACES)(value)


class _SeatIn(Schema):
    sector = _Id()
    row = fields.Raw(validate=_refuse_unless_place)
    number = fields.Raw(validate=_refuse_unless_place)


class _TicketIn(Schema):
    id = _Id(required=True)
    seat = fields.Nested(_SeatIn, load_default=dict)

    @post_load
    def entry(self, data: dict[str, Any], **_: Any) -> TicketEntry:
        return TicketEntry(**data)


class _CountIn(Schema):
    count = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_TICKETS))


class _Tickets(fields.Field[Any]):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[TicketEntry, ...] | int:
        if isinstance(value, dict):
            return int(_CountIn().load(value)["count"])
        if not isinstance(value, list) or not value:
            raise ValidationError("Has to be a list of tickets, or {count: N}.")
        return tuple(_TicketIn(many=True).load(value))


class _SetIn(Schema):
    id = _Id(required=True)
    name = _text()
    rules = fields.List(fields.Nested(_RuleIn), required=True, validate=validate.Length(1, 100))
    tickets = _Tickets(required=True)


class _EventIn(Schema):
    id = _Id(required=True)
    org = _Id(required=True)
    title = _text()
    starts_at = _Moment(required=True)
    ends_at = _Moment(required=True)
    sets = fields.List(fields.Nested(_SetIn), required=True, validate=validate.Length(1, 1000))

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
        return ShowEntry(Show(sets=sets, **data), tickets)


def _amount(tickets: tuple[TicketEntry, ...] | int) -> int:
    return tickets if isinstance(tickets, int) else len(tickets)


class _CatalogIn(Schema):
    partners = fields.List(fields.Nested(_PartnerIn), required=True, validate=validate.Length(1))
    payment_systems = fields.List(fields.Nested(_SystemIn), load_default=list)
    deals = fields.List(fields.Nested(_DealIn), load_default=list)
    events = fields.List(fields.Nested(_EventIn), load_default=list)

    @post_load
    def file(self, data: dict[str, Any], **_: Any) -> CatalogFile:
        return CatalogFile(*(tuple(data[name]) for name in CatalogFile.__struct_fields__))


# What concerns the file as a whole is checked on what it says, not on what was made of it: a
# wrong value elsewhere must not hide these. Values of a wrong type are passed over here.

Named = tuple[str, str, Any]
"""A kind of name that may occur once, where it stands, and the name."""


def _named(document: Mapping[Any, Any]) -> Iterator[Named]:
    for path, partner in _each(document, "partners"):
        yield "partner", f"{path}.id", _id(partner)
        keys = partner.get("keys")
        for i, key in enumerate(keys if isinstance(keys, list) else ()):
            yield "key", f"{path}.keys[{i}]", key
    for path, system in _each(document, "payment_systems"):
        yield "payment system", f"{path}.id", _id(system)
        yield "payment system", f"{path}.alias", system.get("alias")
    for path, deal in _each(document, "deals"):
        yield "deal", f"{path}.id", _id(deal)
        parties = (_id(deal, "org"), _id(deal, "vendor"))
        yield "org and vendor", f"{path}.vendor", None if None in parties else parties
    for path, event in _each(document, "events"):
        yield "event", f"{path}.id", _id(event)
    for path, ticket_set in _sets(document):
        yield "set", f"{path}.id", _id(ticket_set)
        yield from (
            ("rule", f"{at}.id", _id(rule)) for at, rule in _each(ticket_set, "rules", path)
        )
        for at, ticket in _each(ticket_set, "tickets", path):
            yield "ticket", f"{at}.id", _id(ticket)


def _twice(named: Iterable[Named]) -> dict[str, str]:
    first: dict[tuple[str, str | tuple[str, str]], str] = {}
    errors = {}
    for kind, path, name in named:
        if isinstance(name, str | tuple):
            before = first.setdefault((kind, name), path)
            if before != path:
                errors[path] = f"Is the same {kind} as {before}."
    return errors


def _unknown_partners(document: Mapping[Any, Any]) -> dict[str, str]:
    known = {_id(partner) for _, partner in _each(document, "partners")}
    named = [(f"{path}.org", _id(event, "org")) for path, event in _each(document, "events")]
    for path, deal in _each(document, "deals"):
        named += [(f"{path}.{party}", _id(deal, party)) for party in ("org", "vendor")]
    return {
        path: "Is no partner of this file." for path, name in named if name and name not in known
    }


def _seats_twice(document: Mapping[Any, Any]) -> dict[str, str]:
    """Two tickets of one set for the same seat: they would seat two buyers on one chair."""
    return _twice(
        ("seat", f"{at}.seat", (path, *seat))
        for path, ticket_set in _sets(document)
        for at, ticket in _each(ticket_set, "tickets", path)
        if (seat := _whole_seat(ticket))
    )


def _whole_seat(ticket: Mapping[Any, Any]) -> tuple[str, ...] | None:
    seat = ticket.get("seat")
    if not isinstance(seat, dict) or not {"sector", "row", "number"} <= seat.keys():
        return None
    return str(seat["sector"]).lower(), str(seat["row"]), str(seat["number"])


def _sets(document: Mapping[Any, Any]) -> Iterator[tuple[str, dict[Any, Any]]]:
    for path, event in _each(document, "events"):
        yield from _each(event, "sets", path)


def _each(
    parent: Mapping[Any, Any], name: str, path: str = ""
) -> Iterator[tuple[str, dict[Any, Any]]]:
    """The mappings in a list, with their paths."""
    listed = parent.get(name)
    for i, item in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(item, dict):
            yield f"{path}.{name}[{i}]".removeprefix("."), item


def _id(mapping: Mapping[Any, Any], name: str = "id") -> str | None:
    value = mapping.get(name)
    return value.lower() if isinstance(value, str) and is_id(value.lower()) else None
