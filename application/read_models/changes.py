"""What new events of some orders change in a read model: the rows before against those after."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import msgspec

from application.ports.read_models import Row, Table
from application.read_models.registry import Projection, Totals
from domain.events import Event
from domain.order import Order


class EventStream(msgspec.Struct, frozen=True, dict=True):
    """An order's events that read models have seen, and those that are new to them.

    It is replayed once for all read models that make their rows from the order (`rows_of`).
    """

    seen: Sequence[Event]
    new: Sequence[Event]

    @cached_property
    def before(self) -> Order:
        """The order before the new events."""
        return Order.replay(self.seen)

    @cached_property
    def after(self) -> Order:
        """The order with the new events."""
        if not self.seen:
            return Order.replay(self.new)
        order = self.before.copy()
        for event in self.new:
            order.apply(event)
        return order

    @property
    def events(self) -> Sequence[Event]:
        """All events."""
        return [*self.seen, *self.new] if self.seen else self.new


class Changes(msgspec.Struct, frozen=True):
    """Rows to write, and the keys of rows to remove."""

    rows: Sequence[Row]
    gone: Sequence[str] = ()


def changes(projection: Projection, streams: Iterable[EventStream]) -> Changes:
    """What to write for these orders, each of which is there once."""
    if projection.table.sums:
        return Changes(added_up(projection.table, _differences(projection, streams)))
    put: dict[str, Row] = {}
    gone: dict[str, None] = {}
    for stream in streams:
        rows = _rows_after(projection, stream)
        if projection.one_row_each or not stream.seen:
            put.update((row.key, row) for row in rows)
            continue
        before = {row.key: row for row in _rows_before(projection, stream)}
        for row in rows:
            if before.pop(row.key, None) != row:
                put[row.key] = row
        gone.update(dict.fromkeys(before))
    return Changes(list(put.values()), [key for key in gone if key not in put])


def _rows_before(projection: Projection, stream: EventStream) -> Sequence[Row]:
    if projection.rows_of is None:
        return projection.rows(stream.seen)
    return projection.rows_of(stream.before)


def _rows_after(projection: Projection, stream: EventStream) -> Sequence[Row]:
    if projection.rows_of is None:
        return projection.rows(stream.events)
    return projection.rows_of(stream.after)


def _differences(projection: Projection, streams: Iterable[EventStream]) -> Iterator[Row]:
    """The sums of all orders with their new events, and those without them as negative numbers."""
    before, after = totals_of(projection), totals_of(projection)
    replays = projection.rows_of is not None
    for stream in streams:
        after.add(stream.events, stream.after if replays else None)
        if stream.seen:
            before.add(stream.seen, stream.before if replays else None)
    yield from after.rows()
    for row in before.rows():
        yield _negative(projection.table, row)


def _negative(table: Table, row: Row) -> Row:
    numbers = zip(table.columns, row.columns, strict=True)
    columns = tuple(-value if name in table.sums else value for name, value in numbers)
    return Row(row.key, columns, row.document)


def added_up(table: Table, rows: Iterable[Row]) -> list[Row]:
    """One row a key, its sums added up; those that come to nought are left out."""
    places = [place for place, name in enumerate(table.columns) if name in table.sums]
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(places))
    some: dict[str, Row] = {}
    for row in rows:
        some[row.key] = row
        total = sums[row.key]
        for each, place in enumerate(places):
            total[each] += row.columns[place]
    return [
        Row(key, _with(some[key].columns, places, total), some[key].document)
        for key, total in sums.items()
        if any(total)
    ]


class AddedUp:
    """The rows of many orders, added up as they come, of a read model that only knows `rows`."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._rows: list[Row] = []

    def add(self, events: Sequence[Event], _: object = None) -> None:
        """Take in an order."""
        self._rows += self._projection.rows(events)

    def rows(self) -> list[Row]:
        """One row a key."""
        return added_up(self._projection.table, self._rows)


def totals_of(projection: Projection) -> Totals:
    """What adds up a read model's rows."""
    return AddedUp(projection) if projection.totals is None else projection.totals()


def _with(columns: tuple[object, ...], places: list[int], values: list[int]) -> tuple[object, ...]:
    changed = list(columns)
    for place, value in zip(places, values, strict=True):
        changed[place] = value
    return tuple(changed)
