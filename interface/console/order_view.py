"""The view of an order at one of its versions: its fields, the changes and the seats."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from application.bootstrap import Services
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
    "tickets": {"tickets": "tickets", "value": "money", "value_extra": "money"},
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
        "payment.system": "id",
        "payment.redirect_url": "address",
        "payment.success_url": "address",
        "payment.failure_url": "address",
        "payment.send_tickets": "flag",
    },
    "kept": {"vendor_data.order_id": "text"},
    "sale": {"event": "show", "org": "partner", "vendor": "partner", "deal": "id", "id": "id"},
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
    def known(self) -> list[Field]:
        """The fields that have or had a value."""
        return [each for each in self.fields if each.changed or each.value not in (None, [])]


class Then(msgspec.Struct, frozen=True, kw_only=True):
    """All that is shown of an order at a version.

    `tickets` are those of this version and those that it removed; `marks` has for each whether it
    was kept, added or removed.
    """

    order: Order
    groups: list[Group]
    tickets: list[str]
    marks: dict[str, str]
    places: dict[str, dict[str, Any]]
    sets: list[SetPlan]


def order_then(services: Services, order: Order, changes: Iterable[Mapping[str, Any]]) -> Then:
    """An order at a version, with the changes that this version made."""
    known = {change["field"]: change["from"] for change in changes} if order.version > 1 else {}
    values = fields_of(order)
    before = known.get("tickets", values["tickets"])
    marks = _marks(before, values["tickets"])
    return Then(
        order=order,
        groups=[
            Group(group, [_field(name, kind, values, known) for name, kind in fields.items()])
            for group, fields in _groups(values, known)
        ],
        tickets=list(marks),
        marks=marks,
        places=services.seating.places(list(marks)),
        sets=_sets(services, order, marks),
    )


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


def _sets(services: Services, order: Order, marks: Mapping[str, str]) -> list[SetPlan]:
    """The sets in which these tickets have seats; of large ones, only the rows."""
    plans = []
    for plan in services.seating.hall_of(order).sets:
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
