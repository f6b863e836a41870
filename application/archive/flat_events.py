"""An event as a flat row: columns that tools query, and the exact stored bytes.

The columns are a stored format: new ones are added, existing ones never change. Data of buyers is
only in the bytes.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import msgspec
import pyarrow as pa

from application.ports.copyable import Row
from application.runtime.clock import to_ms
from domain.events import STORED, PromocodesApplied

MOMENT = pa.timestamp("ms", "UTC")
MONEY = pa.decimal128(18, 2)
STRINGS = ("org", "vendor", "deal", "lang", "status")

SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("order_id", pa.string(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("recorded_at", MOMENT),
        pa.field("actor", pa.string()),
        pa.field("request", pa.string()),
        pa.field("number", pa.int64()),
        pa.field("show_id", pa.string()),
        *(pa.field(name, pa.string()) for name in STRINGS),
        pa.field("reserved_till", MOMENT),
        pa.field("payment_system", pa.string()),
        pa.field(
            "prices",
            pa.list_(
                pa.struct(
                    [
                        ("ticket_set", pa.string()),
                        ("rule", pa.string()),
                        ("nominal", MONEY),
                        ("extra", MONEY),
                    ]
                )
            ),
        ),
        pa.field(
            "added", pa.list_(pa.struct([("ticket", pa.string()), ("ticket_set", pa.string())]))
        ),
        pa.field("removed", pa.list_(pa.string())),
        pa.field("state", pa.binary(), nullable=False),
        pa.field("hash", pa.binary(), nullable=False),
        pa.field(
            "discounts", pa.list_(pa.struct([("ticket_set", pa.string()), ("discount", MONEY)]))
        ),
    ]
)

UNKNOWN_MONTH = "unknown"


class _Price(msgspec.Struct, kw_only=True):
    rule: str | None = None
    nominal: Decimal | None = None
    extra: Decimal | None = None


class _Discount(msgspec.Struct):
    off: Decimal | None = None


class _System(msgspec.Struct):
    alias: str | None = None


class _Flat(msgspec.Struct, kw_only=True):
    """All fields of all events.

    Of an event of a later version, those that have the same form are read. The events of money
    name a system by its id, and tickets that go back in a list: those are in the bytes only.
    """

    at: datetime | None = None
    actor: str | None = None
    request: str | None = None
    number: int | None = None
    show: str | None = None
    org: str | None = None
    vendor: str | None = None
    deal: str | None = None
    lang: str | None = None
    status: str | None = None
    reserved_till: datetime | None = None
    system: _System | str | None = None
    prices: dict[str, _Price] | None = None
    tickets: dict[str, str] | list[str] | None = None
    added: dict[str, str] | None = None
    removed: list[str] | None = None
    discounts: dict[str, _Discount] | None = None


_DECODER = msgspec.json.Decoder(_Flat)
_NOTHING = _Flat()


class FlatEvent(msgspec.Struct, frozen=True):
    """An event's month, and its row in the order of the columns."""

    month: str
    row: tuple[Any, ...]


def flat_event(stored: Row) -> FlatEvent:
    """The row of an event.

    Of one of an unknown kind, what cannot be read is null; the bytes are there.

    `stored` is its position, order, version, name, bytes and hash.
    """
    *about, state, digest = stored
    try:
        said = _DECODER.decode(cast("bytes", state))
    except msgspec.MsgspecError:
        said = _NOTHING
    at = None if said.at is None or said.at.tzinfo is None else said.at.astimezone(UTC)
    held = said.reserved_till
    row = (
        *about,
        None if at is None else to_ms(at),
        said.actor,
        said.request,
        said.number,
        said.show,
        *(getattr(said, name) for name in STRINGS),
        None if held is None or held.tzinfo is None else to_ms(held),
        said.system.alias if isinstance(said.system, _System) else None,
        None if said.prices is None else [_price(*each) for each in said.prices.items()],
        _added(said.tickets if said.added is None else said.added),
        said.removed,
        state,
        digest,
        _discounts(str(about[3]), said.discounts),
    )
    return FlatEvent(UNKNOWN_MONTH if at is None else f"{at:%Y-%m}", row)


def _price(ticket_set: str, price: _Price) -> dict[str, Any]:
    return {
        "ticket_set": ticket_set,
        "rule": price.rule,
        "nominal": price.nominal,
        "extra": price.extra,
    }


def _discounts(name: str, said: Mapping[str, _Discount] | None) -> list[dict[str, Any]] | None:
    """What is off tickets from this event on: nothing is said by an event that took all off."""
    if said is None:
        return [] if STORED.get(name) is PromocodesApplied else None
    return [{"ticket_set": each, "discount": discount.off} for each, discount in said.items()]


def _added(tickets: Mapping[str, str] | list[str] | None) -> list[dict[str, str]] | None:
    if not isinstance(tickets, Mapping):
        return None
    return [{"ticket": ticket, "ticket_set": ticket_set} for ticket, ticket_set in tickets.items()]


def table_of(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Rows as a table of the archive's columns."""
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)
