"""What Prometheus reads, as far as only the inside can bring it about. The rest is in journey/."""

import time

import pytest
from eventsourcing.persistence import StoredEvent
from prometheus_client.parser import text_string_to_metric_families
from seller import seat

from application.integrity.verification import verify
from application.integrity.workers import here
from application.ports.store import StoreUnavailable
from application.read_models.registry import PROJECTIONS
from application.runtime.clock import NS
from interface.server.flask_app import create_app

ORDERS = (("model", "orders"),)


@pytest.fixture
def scrape(office):
    """Reads all numbers, by name and labels."""
    client = create_app(office.services).test_client()

    def read():
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer.mimetype == "text/plain"
        return {
            (sample.name.removeprefix("orderlog_"), *sample.labels.items()): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return read


def test_how_far_the_log_and_its_read_models_are(office, scrape):
    office.order()
    office.later(seconds=7)
    office.order()
    told = scrape()
    assert told["store_up",] == 1
    assert told["log_position",] == 2
    for name in PROJECTIONS:
        model = (("model", name),)
        assert told["read_model_position", *model] == 0
        assert told["read_model_lag_facts", *model] == 2
        assert told["read_model_lag_seconds", *model] == 7
        assert told["read_model_stopped", *model] == 0
    office.catch_up()
    told = scrape()
    assert told["read_model_position", *ORDERS] == 2
    assert told["read_model_lag_facts", *ORDERS] == told["read_model_lag_seconds", *ORDERS] == 0


def test_how_far_the_machines_clock_is_off(office, scrape, monkeypatch):
    assert abs(scrape()["clock_skew_seconds",]) < 1
    true = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: true() - 3600 * NS)
    office.services.store_clock.look()
    assert abs(scrape()["clock_skew_seconds",] + 3600) < 1


def test_a_read_model_that_stands_still_says_since_when_but_not_why(office, scrape):
    assert ("read_model_stopped_since_timestamp_seconds", *ORDERS) not in scrape()
    unknown = StoredEvent("0" * 24, 1, "OrderForgotten.1", b"{}")
    office.services.store.recorder.insert_events([unknown])
    office.services.loop.step(PROJECTIONS["orders"])
    told = scrape()
    since = office.services.store.read_models().state("orders").stopped_since
    assert told["read_model_stopped", *ORDERS] == 1
    assert told["read_model_stopped_since_timestamp_seconds", *ORDERS] == since / 1000
    assert told["read_model_lag_facts", *ORDERS] == 1
    assert ("read_model_lag_seconds", *ORDERS) not in told
    assert told["read_model_stopped", ("model", "sales")] == 0


def test_holds_that_have_ended_are_counted_until_that_is_recorded(office, scrape):
    office.order(seats=[seat(1)])
    office.order(seats=[seat(2)])
    office.catch_up()
    assert scrape()["holds_due",] == 0
    office.later(minutes=11)
    assert scrape()["holds_due",] == 2
    office.sweep()
    office.catch_up()
    assert scrape()["holds_due",] == 0


def test_a_rebuild_that_runs_is_seen(office, scrape):
    assert scrape()["read_model_rebuild_running", *ORDERS] == 0
    with office.services.store.read_models().rebuilding("orders"):
        told = scrape()
    assert told["read_model_rebuild_running", *ORDERS] == 1
    assert told["read_model_rebuild_running", ("model", "sales")] == 0


def test_what_the_last_verification_found(office, scrape):
    assert ("verification_facts",) not in scrape()
    office.paid_order()
    store = office.services.store
    verify(store, here(store), lambda *_: None)
    told = scrape()
    assert told["verification_facts",] == told["verification_position",] == told["log_position",]
    assert told["verification_findings",] == told["verification_oversold_tickets",] == 0
    outcome = store.audit().last_verification()
    assert told["verification_timestamp_seconds",] == outcome.at / 1000
    assert told["verification_duration_seconds",] == outcome.took / 1000


COUNTED = ("_total", "_bucket", "_sum", "_count")
"""What a process has counted by itself, and needs no store for."""


def test_while_the_store_is_away_that_is_all_there_is_to_say(office, scrape, monkeypatch):
    def away():
        raise StoreUnavailable("gone")

    monkeypatch.setattr(office.services.store, "last_position", away)
    told = {
        name: value
        for name, value in scrape().items()
        if not (name[0].endswith(COUNTED) or name[0].startswith("feed_"))
    }
    assert told == {("store_up",): 0}
