"""A server that is there and does not answer: nothing waits for it without end, and all goes on."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial

import psycopg
import pytest
from polling import until
from postgres_server import halted
from store_writes import DIGEST, NOON, append, event, idempotency_record, one, sell

from application.ports.store import OutcomeUnknown, StoreUnavailable
from application.ports.unit_of_work import ReadSet, UnitOfWork
from application.runtime import store_deadline as store_time
from application.storage.postgres import in_doubt_commit as postgres_doubt
from application.storage.postgres import pipeline as postgres_line
from application.storage.postgres import sessions as postgres_sessions
from application.storage.postgres.store import PostgresStore

pytestmark = pytest.mark.experiment

MOST = 1.0
GUARD = 60
"""Seconds: only what waits without end takes so long."""

READS = {
    "an order": lambda store: store.events("warm"),
    "the log": lambda store: store.log(0, 10),
    "where the log ends": lambda store: store.last_position(),
    "an answered request": lambda store: store.idempotency_record(DIGEST),
    "the library's reading": lambda store: store.recorder.select_notifications(1, 10),
    "tickets": lambda store: store.tickets("show"),
    "vacancies": lambda store: store.vacancies(["show"], NOON),
    "how long they last": lambda store: store.vacant_until(["parterre"], NOON),
    "reservations": lambda store: store.reservations(["show"], NOON),
    "the catalogue": lambda store: store.catalog(),
}


@pytest.fixture
def limits(monkeypatch):
    monkeypatch.setattr(store_time, "MOST_SECONDS", MOST)
    monkeypatch.setattr(postgres_line, "ANSWER_SECONDS", MOST / 2)
    monkeypatch.setattr(postgres_doubt, "IN_DOUBT_SECONDS", MOST / 2)
    monkeypatch.setattr(postgres_sessions.Session, "silent_seconds", MOST)


@pytest.fixture
def store(server, database, limits):
    if not server.own:
        pytest.skip("the server is not ours to halt")
    with closing(PostgresStore(database)) as store:
        sell(store, 4)
        one(store, append(store, "warm"))
        yield store


def refused(call):
    with pytest.raises(StoreUnavailable):
        call()


def sessions(database):
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        ).fetchone()[0]


def test_no_read_waits_without_end_and_the_next_ones_are_answered(store, server, database):
    with ThreadPoolExecutor(3 * len(READS)) as threads:
        with halted(server.data):
            asked = [
                threads.submit(refused, partial(read, store)) for read in 3 * list(READS.values())
            ]
            for each in asked:
                each.result(GUARD)
        for read in READS.values():
            read(store)
    until(lambda: sessions(database) <= 1 + 1 + 8, "connections are left behind")


def test_a_write_that_was_given_up_before_its_commit_is_never_done(store, server):
    decided = []

    def decide(within, found):
        decided.append(found)
        store.recorder.insert_events([event("late")], within=within)

    with halted(server.data), ThreadPoolExecutor() as threads:
        write = UnitOfWork(ReadSet(order="late"), decide)
        failures = [threads.submit(store.write_all, [write]) for _ in range(5)]
        outcomes = [each.result(GUARD)[0] for each in failures]
    assert {type(each) for each in outcomes} == {StoreUnavailable}
    one(store, append(store, "next"))
    assert not store.events("late")


def test_a_write_whose_commit_was_under_way_is_in_doubt_and_done_once(store, server):
    with ThreadPoolExecutor(1) as thread, ExitStack() as freezing:
        asked = []

        def decide(within, found):
            if found.idempotency_record is not None:
                return "again"
            asked.append(found)
            if len(asked) == 1:
                freezing.enter_context(halted(server.data))
            done = idempotency_record("a")
            store.recorder.insert_events([event("a")], within=within, idempotency_record=done)
            return "first"

        write = UnitOfWork(ReadSet(order="a", request=DIGEST), decide)
        [outcome] = thread.submit(store.write_all, [write]).result(GUARD)
        assert isinstance(outcome, OutcomeUnknown)
    until(lambda: isinstance(store.write_all([write])[0], Exception) is False, "it is stuck")
    assert len(store.events("a")) == 1


def test_a_request_waits_so_long_in_all_however_much_it_asks(store, server):
    left = store_time.StoreTime()

    def ask_often():
        with store_time.limited_by(left):
            for read in (*READS.values(), lambda store: one(store, append(store, "b"))):
                refused(partial(read, store))

    with halted(server.data), ThreadPoolExecutor(1) as thread:
        thread.submit(ask_often).result(GUARD)
    assert left.left > -MOST * len(READS) / 2


def test_the_store_can_be_closed_while_a_server_does_not_answer(server, database, limits):
    if not server.own:
        pytest.skip("the server is not ours to halt")
    store = PostgresStore(database)
    one(store, append(store, "warm"))
    closed = threading.Event()
    with halted(server.data):
        threading.Thread(target=lambda: (store.close(), closed.set()), daemon=True).start()
        assert closed.wait(GUARD)


def test_who_comes_while_a_server_does_not_answer_is_told_so(server, database):
    if not server.own:
        pytest.skip("the server is not ours to halt")
    with halted(server.data):
        refused(lambda: PostgresStore(database))
