"""The view of an order at one of its versions: its fields, the changes and the seats."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from application.bootstrap import Services
from application.catalog.access import Caller
from application.catalog.scopes import BARCODES_READ
from application.catalog.seating import SeatRow, Sector, SetPlan
from application.orders.diff import fields_of
from domain.order import Order

GROUPS: Mapping[str, Mapping[str, str]] = {
    "hold": {
        "status": "status",
        "reserved_till": "moment",
        "created_at": "moment",
        "updated_at": "moment",
    },
    "tickets": {
        "tickets": "tickets",
        "promocodes": "named",
        "value": "money",
        "value_extra": "money",
    },
    "buyer": {
        "customer.first_name": "text",
        "customer.last_name": "text",
        "customer.email": "text",
        "customer.mobile": "text",
        "customer.lang": "text",
        "customer.user": "id",
    },
    "payment": {
        "payment.chosen": "text",
        "payment.system": "named",
        "payment.redirect_url": "address",
        "payment.success_url": "address",
        "payment.failure_url": "address",
        "payment.send_tickets": "flag",
    },
    "kept": {"vendor_data.order_id": "text"},
    "sale": {"event": "named", "org": "named", "vendor": "named", "deal": "named", "id": "id"},
}
"""The fields of an order that are shown, in groups, each with its format."""

RAW = "vendor_data.raw."
"""What the names begin with that the vendor has given itself; they are shown with its order id."""

WHOLE_SETS = 600
"""Sets with more seats than this are shown only with the rows of the order's tickets."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field with its value then and, where this version changed it, its value before.

    One that the vendor has named has that name as its `label`.
    """

    name: str
    label: str
    kind: str
    value: Any
    changed: bool
    before: Any


class Group(msgspec.Struct, frozen=True):
    """A group of fields."""

    name: str
    fields: list[Field]

    @property
    def present(self) -> list[Field]:
        """The fields that have a value."""
        return [each for each in self.fields if each.value not in (None, [])]


class Then(msgspec.Struct, frozen=True, kw_only=True):
    """All that is shown of an order at a version.

    `tickets` are those of this version and those that it removed; `marks` has for each whether it
    was kept, added or removed. `names` has by id what people call it. `barcodes` are those in force
    then, if the visitor may see them; `suspended` says that a dispute keeps them out of force.
    """

    order: Order
    groups: list[Group]
    names: Mapping[str, str]
    barcodes: Mapping[str, str]
    suspended: bool
    tickets: list[str]
    marks: dict[str, str]
    places: dict[str, dict[str, Any]]
    sets: list[SetPlan]

    @property
    def changed(self) -> list[Field]:
        """The fields that this version changed, but for the moment of it."""
        fields = [field for group in self.groups for field in group.fields if field.changed]
        return [each for each in fields if each.name != "updated_at"]


def order_then(
    services: Services, order: Order, changes: Iterable[Mapping[str, Any]], caller: Caller
) -> Then:
    """An order at a version, with the changes that this version made, as `caller` may see it."""
    known = {change["field"]: change["from"] for change in changes} if order.version > 1 else {}
    values = fields_of(order)
    before = known.get("tickets", values["tickets"])
    marks = _marks(before, values["tickets"])
    places = services.seating.places(list(marks))
    return Then(
        order=order,
        groups=[
            Group(group, [_field(name, kind, values, known) for name, kind in fields.items()])
            for group, fields in _groups(values, known)
        ],
        names=_names(services, order),
        barcodes=order.valid_barcodes if caller.may(BARCODES_READ) else {},
        suspended=bool(order.barcodes) and not order.valid_barcodes,
        tickets=list(marks),
        marks=marks,
        places=places,
        sets=_sets(services, order, marks) if _has_seats(places) else [],
    )


def _names(services: Services, order: Order) -> dict[str, str]:
    """What people call whatever an order names by its id."""
    catalog = services.catalog.current()
    show = catalog.show(order.show)
    partners = {
        each: catalog.partners[each].name
        for each in (order.org, order.vendor)
        if each in catalog.partners
    }
    names = {each.id: each.alias for each in catalog.systems.values()}
    names |= {each.id: each.code for each in (*show.promocodes, *order.promocodes)}
    names |= {**partners, show.id: show.title}
    if order.system is not None:
        names[order.system.id] = order.system.alias
    if order.deal is not None:
        names[order.deal] = " – ".join(partners.values())
    return names


def _groups(
    values: Mapping[str, Any], known: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The groups, with what the vendor of this order has named."""
    for group, fields in GROUPS.items():
        named = {**values, **known} if group == "kept" else {}
        yield group, {**fields, **{name: "raw" for name in named if name.startswith(RAW)}}


def _field(name: str, kind: str, values: Mapping[str, Any], known: Mapping[str, Any]) -> Field:
    return Field(
        name=name,
        label=name.removeprefix(RAW) if name.startswith(RAW) else "",
        kind=kind,
        value=values.get(name),
        changed=name in known,
        before=known.get(name),
    )


def _marks(before: Sequence[str], after: Sequence[str]) -> dict[str, str]:
    marks = {each: "kept" if each in before else "added" for each in after}
    return marks | {each: "removed" for each in before if each not in after}


def _has_seats(places: Mapping[str, Mapping[str, Any]]) -> bool:
    return any("row" in each["seat"] for each in places.values())


def _sets(services: Services, order: Order, marks: Mapping[str, str]) -> list[SetPlan]:
    """The sets in which these tickets have seats; of large ones, only the rows."""
    plans = []
    for plan in services.seating.plans_of(order):
        sectors = [
            msgspec.structs.replace(sector, rows=_rows(plan, sector, marks))
            for sector in plan.sectors
        ]
        if any(_is_about(row, marks) for sector in sectors for row in sector.rows):
            plans.append(msgspec.structs.replace(plan, sectors=[s for s in sectors if s.rows]))
    return plans


def _rows(plan: SetPlan, sector: Sector, marks: Mapping[str, str]) -> list[SeatRow]:
    if plan.amount <= WHOLE_SETS:
        return sector.rows
    return [row for row in sector.rows if _is_about(row, marks)]


def _is_about(row: SeatRow, marks: Mapping[str, str]) -> bool:
    return any(seat.ticket in marks for seat in row.seats)
