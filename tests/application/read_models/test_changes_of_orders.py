"""What the events of orders change in read models, and that an order is replayed once for all."""

from itertools import pairwise

import msgspec
import pytest
from order_states import ORDER, a_paid_order

from application.read_models.changes import EventStream, added_up, changes
from application.read_models.registry import PROJECTIONS
from domain.order import Order

FROM_ORDERS = [each for each in PROJECTIONS.values() if each.rows_of]


def test_an_order_is_replayed_once_for_all_read_models(monkeypatch):
    *seen, paid = a_paid_order()
    applied, apply = [], Order.apply
    monkeypatch.setattr(Order, "apply", lambda order, each: applied.append(apply(order, each)))
    stream = EventStream(seen, [paid])
    found = {each.table.name: changes(each, [stream]) for each in FROM_ORDERS}
    assert len(applied) == len(seen) + 1
    assert found["holds"].gone == [paid.originator_id]
    assert [len(found[each].rows) for each in ("orders", "payments", "balances")] == [1, 1, 1]


def test_rows_of_the_order_are_those_of_its_events():
    events = a_paid_order()
    for seen in range(len(events)):
        stream = EventStream(events[:seen], events[seen:])
        for each in FROM_ORDERS:
            assert each.rows_of(stream.before) == each.rows(events[:seen]) or not seen
            assert each.rows_of(stream.after) == each.rows(events)


@pytest.mark.parametrize("name", ["sales", "balances"])
def test_sums_and_what_a_batch_adds_to_them_are_the_sums_of_all_events(name):
    """Of some orders, each with one more event seen than the one before."""
    projection, events = PROJECTIONS[name], a_paid_order()
    orders = [renamed(events, f"order {each}") for each in range(len(events))]
    streams = [EventStream(each[:seen], each[seen:]) for seen, each in enumerate(orders)]
    sums = [row for each in streams for row in projection.rows(each.seen)]
    added = changes(projection, streams).rows
    whole = [row for each in orders for row in projection.rows(each)]
    assert added
    assert by_key(projection, [*sums, *added]) == by_key(projection, whole)


def test_fixed_columns_are_the_same_at_every_event():
    events = a_paid_order()
    for each in PROJECTIONS.values():
        places = [list(each.table.columns).index(name) for name in each.table.fixed]
        rows = [row for end in range(len(events)) for row in each.rows(events[: end + 1])]
        assert all(
            [row.columns[at] for row in rows] == [rows[0].columns[at]] * len(rows) for at in places
        )


def test_each_event_changes_the_one_row_of_an_order():
    events = a_paid_order()
    for each in PROJECTIONS.values():
        if each.one_row_each:
            rows = [each.rows(events[: end + 1]) for end in range(len(events))]
            assert [[row.key for row in found] for found in rows] == [[ORDER]] * len(events)
            assert all(after != before for before, after in pairwise(rows))


def renamed(events, order):
    return [msgspec.structs.replace(event, originator_id=order) for event in events]


def by_key(projection, rows):
    return {row.key: row for row in added_up(projection.table, rows)}
