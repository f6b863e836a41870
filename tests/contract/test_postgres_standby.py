"""Seen is not yet safe: what a standby has to confirm is acknowledged when it has, never before."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import psycopg
import pytest
from polling import until
from postgres_server import halted, postgres_server
from store_writes import DIGEST, append, event, idempotency_record, look, one, sell

from application.ports.store import OutcomeUnknown, StoreUnavailable
from application.ports.tickets import Ticket
from application.ports.unit_of_work import ReadSet, UnitOfWork
from application.runtime import store_deadline as store_time
from application.storage.postgres import in_doubt_commit as postgres_doubt
from application.storage.postgres import pipeline as postgres_line
from application.storage.postgres.store import PostgresStore

pytestmark = pytest.mark.experiment

WAITING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'"


@pytest.fixture(scope="module")
def pair():
    with postgres_server() as primary:
        if not primary.own:
            pytest.skip("the server is not ours to give a standby")
        with primary.standby() as standby:
            yield primary, standby


@pytest.fixture
def primary(pair):
    return pair[0]


@pytest.fixture
def standby(pair):
    return pair[1]


@pytest.fixture
def database(primary):
    with primary.database() as url:
        yield url


@pytest.fixture
def store(database, monkeypatch):
    monkeypatch.setattr(store_time, "MOST_SECONDS", 1.5)
    monkeypatch.setattr(postgres_line, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(postgres_line, "LONGER_SECONDS", 0.1)
    monkeypatch.setattr(postgres_doubt, "IN_DOUBT_SECONDS", 1.0)
    with closing(PostgresStore(database)) as store:
        sell(store, 4)
        one(store, append(store, "before"))
        yield store


def asked(database, what):
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(what).fetchall()


def waiting(database):
    return {row[0] for row in asked(database, f"SELECT pid {WAITING}")}


def request(store):
    """A write under an Idempotency-Key."""

    def decide(within, found):
        if found.idempotency_record is not None:
            return "again"
        done = idempotency_record("a")
        store.recorder.insert_events([event("a")], within=within, idempotency_record=done)
        return "first"

    return UnitOfWork(ReadSet(order="a", request=DIGEST), decide)


def nothing(database, server):
    pass


def end_sessions(database, server):
    asked(database, f"SELECT pg_terminate_backend(pid) {WAITING}")


def cancel_statements(database, server):
    asked(database, f"SELECT pg_cancel_backend(pid) {WAITING}")


def restart(database, server):
    server.restart()


@pytest.mark.parametrize("disturb", [nothing, end_sessions, cancel_statements, restart])
def test_nothing_is_acknowledged_that_no_standby_has_confirmed(
    disturb, store, database, primary, standby
):
    with ThreadPoolExecutor() as threads:
        with halted(standby):
            first = threads.submit(one, store, request(store))
            until(lambda: waiting(database), "no commit waits for the standby")
            disturb(database, primary)
            assert isinstance(first.exception(), OutcomeUnknown)
            again = threads.submit(one, store, request(store))
            until(lambda: again.done() or waiting(database), "the repeat does not get on")
            with suppress(psycopg.Error):
                disturb(database, primary) if disturb is not restart else None
            assert isinstance(again.exception(), StoreUnavailable)
            unchanged = threads.submit(one, store, look(order="before"))
            assert isinstance(unchanged.exception(), StoreUnavailable)
        until(lambda: succeeds(lambda: one(store, request(store)) in {"first", "again"}), "stuck")
    assert len(store.events("a")) == 1


def succeeds(call):
    with suppress(StoreUnavailable):
        return call()


def test_a_session_that_waits_for_a_standby_is_left_alone_and_no_other_one_joins_it(
    store, database, standby
):
    with halted(standby), ThreadPoolExecutor() as threads:
        outcomes = [threads.submit(one, store, append(store, each)) for each in "abc"]
        seen = until(lambda: waiting(database), "no commit waits for the standby")
        assert all(isinstance(each.exception(), StoreUnavailable) for each in outcomes)
        later = threads.submit(one, store, append(store, "later"))
        assert type(later.exception()) is StoreUnavailable
        assert waiting(database) == seen
        assert len(store.events("before")) == 1
    until(lambda: succeeds(lambda: one(store, append(store, "d"))), "the sale does not go on")
    assert not store.events("later")
    assert all(len(store.events(each)) <= 1 for each in "abc")


def test_a_changed_catalogue_is_confirmed_too(store, database, standby):
    changed = threading.Event()

    def change():
        with store.change_catalog() as catalog:
            catalog.add_tickets([Ticket("balcony-1", "show", "balcony", 1, b"{}")])
        changed.set()

    with halted(standby), ThreadPoolExecutor() as threads:
        change_made = threads.submit(change)
        until(lambda: waiting(database), "no commit waits for the standby")
        cancel_statements(database, None)
        assert isinstance(change_made.exception(), OutcomeUnknown)
    assert not changed.is_set()


def test_what_can_be_made_again_waits_for_no_standby(store, database, standby):
    with halted(standby):
        store.attempts().purge(idempotency_record("a").at, 1)
        store.audit().claim(1.0)
        assert not waiting(database)
