"""`orderlog projection`: read models, and how far they are."""

import pytest
from eventsourcing.persistence import StoredEvent

from application.ports.unit_of_work import ReadSet, UnitOfWork
from application.read_models.registry import PROJECTIONS, REBUILT


def test_every_read_model_is_listed(orderlog):
    listed = orderlog("projection", "list", "--json").document
    assert [each["name"] for each in listed] == list(REBUILT)
    shown = orderlog("projection", "list").out
    assert [name for name in REBUILT if name not in shown] == []


def test_the_status_tells_how_far_each_one_is(office, orderlog):
    office.order()
    office.catch_up()
    office.order()
    [orders] = [
        each
        for each in orderlog("projection", "status", "--json").document
        if each["name"] == "orders"
    ]
    assert (orders["position"], orders["last"], orders["behind"]) == (1, 2, 1)
    assert orders["stopped"] is None
    assert orderlog("projection", "status").exit_code == 0


def test_a_read_model_that_has_stopped_is_told_with_its_reason_and_exit_code_1(office, orderlog):
    append_unknown_event(office.services.store)
    office.services.loop.step(PROJECTIONS["orders"])
    said = orderlog("projection", "status")
    assert said.exit_code == 1
    assert "UnknownEvent: OrderForgotten.1" in said.out
    assert orderlog("projection", "status", "--json").exit_code == 1


def append_unknown_event(store):
    unknown = StoredEvent("0" * 24, 1, "OrderForgotten.1", b"{}")

    def decide(within, found):
        store.recorder.insert_events([unknown], within=within)

    [outcome] = store.write_all([UnitOfWork(ReadSet(), decide)])
    assert not isinstance(outcome, Exception), outcome


@pytest.mark.parametrize("name", ["nothing", "", "orders; DROP TABLE tickets"])
def test_a_read_model_that_is_not_there_is_wrong_usage(orderlog, name):
    assert orderlog("projection", "rebuild", name).wrong_usage("There is no read model", "orders")


def test_a_rebuild_tells_how_far_it_came_and_keeps_its_progress_off_standard_output(
    office, orderlog
):
    office.paid_order()
    said = orderlog("projection", "rebuild", "orders")
    assert said.exit_code == 0
    assert "orders is rebuilt" in said.out
    assert "Rebuilding orders" in said.err
