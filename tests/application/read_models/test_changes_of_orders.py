"""An order is replayed once for all read models that make their rows from it."""

from order_states import a_paid_order

from application.read_models.changes import EventStream, changes
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
