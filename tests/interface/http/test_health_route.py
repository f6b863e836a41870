"""Readiness, as far as only the inside can bring it about. The rest is in journey/."""

import time

import pytest
from eventsourcing.persistence import StoredEvent
from polling import until

from application.ports.unit_of_work import ReadSet, UnitOfWork
from application.read_models.registry import PROJECTIONS
from application.runtime.clock import NS
from interface.server.flask_app import create_app


@pytest.fixture
def ready(office):
    """Asks a service that is at work whether it is ready."""
    office.services.start()
    client = create_app(office.services).test_client()
    return lambda: client.get("/health/ready")


def test_a_service_at_work_is_ready(office, ready):
    until(lambda: ready().json["checks"]["pull_loop"] == "ok", "nobody projects the read models")
    answer = ready()
    assert answer.status_code == 200
    assert answer.json["ready"] is True


def test_read_models_that_nobody_projects_are_named_but_orders_go_on(office, ready):
    office.services.loop.stop()
    answer = ready()
    assert answer.status_code == 200
    assert answer.json["checks"]["pull_loop"] == "stopped"


def test_a_read_model_that_cannot_take_a_event_is_named_but_orders_go_on(office, ready):
    office.order()
    append_unknown_event(office.services.store)
    office.services.loop.step(PROJECTIONS["orders"])
    answer = ready()
    assert answer.status_code == 200
    assert "UnknownEvent" in answer.json["checks"]["projection orders"]


def test_a_machine_whose_clock_is_far_off_is_not_ready(office, monkeypatch):
    client = create_app(office.services).test_client()
    true = time.time_ns
    for ahead, status in ((4, 200), (11 * 60, 503), (0, 200)):
        monkeypatch.setattr(time, "time_ns", lambda ahead=ahead: true() + ahead * NS)
        office.services.store_clock.look()
        answer = client.get("/health/ready")
        assert answer.status_code == status
        assert (answer.json["checks"]["clock"] == "ok") is (status == 200)


def append_unknown_event(store):
    unknown = StoredEvent("0" * 24, 1, "OrderForgotten.1", b"{}")

    def decide(within, found):
        store.recorder.insert_events([unknown], within=within)

    [outcome] = store.write_all([UnitOfWork(ReadSet(), decide)])
    assert not isinstance(outcome, Exception), outcome
