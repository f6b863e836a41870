"""The write lock of an SQLite log is held by another process."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from polling import until
from store_writes import DIGEST, Refused, append, idempotency_record, one

from application.bootstrap import open_store
from application.operations.health import check
from application.ports.store import OutcomeUnknown, StoreUnavailable
from application.ports.unit_of_work import ReadSet, UnitOfWork
from application.read_models.registry import PROJECTIONS
from application.runtime.store_clock import StoreClock
from application.runtime.store_deadline import StoreTime, limited_by
from application.storage.sqlite import write_lock as sqlite_write_lock
from application.storage.sqlite.store import SqliteStore
from application.storage.sqlite.writing import WRITE_SECONDS

FOR_EVER = 600.0
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


def readiness(store):
    return check(store, StoreClock(store.moment))


@contextmanager
def held(path):
    """Another process that holds the write lock, until the end."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout.readline() == b"held\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def store(tmp_path):
    with closing(SqliteStore(str(tmp_path / "orders.db"))) as store:
        for projection in PROJECTIONS.values():
            store.read_models().ensure(projection.table)
        one(store, append(store, "first"))
        yield store


def due_in(seconds, write):
    """The same write, which waits for so long."""
    write.till = time.monotonic() + seconds
    return write


def with_time_enough(call):
    """Make a call that may wait for the store longer than a request does."""
    store_time = StoreTime()
    store_time.left = FOR_EVER
    with limited_by(store_time):
        return call()


def test_each_request_waits_for_its_own_time_and_is_certainly_not_done(store):
    """The time of those that waited before it does not count."""
    with held(store.path) as holder, ThreadPoolExecutor(10) as clients:
        outcomes = store.write_all([due_in(0.2, append(store, "first of all"))])
        write, seen = due_in(FOR_EVER, append(store, "patient")), store._lock._last_seen
        patient = clients.submit(with_time_enough, lambda: one(store, write))
        until(lambda: store._lock._last_seen > seen, "it does not try")
        hurried = [due_in(0.2, append(store, f"order-{number}")) for number in range(8)]
        refused = [clients.submit(store.write_all, [each]) for each in hurried]
        outcomes += [each.result()[0] for each in refused]
        assert not patient.done()
        assert store.last_position() == 1
        store.catalog()
        with pytest.raises(StoreUnavailable), store.transaction(0.3):
            pass
        holder.kill()
        assert patient.result() == "patient"
    for outcome in outcomes:
        assert isinstance(outcome, StoreUnavailable)
        assert not isinstance(outcome, OutcomeUnknown)
    assert store.last_position() == 2


def test_a_request_waits_for_the_usual_time_if_none_is_given(store):
    write, before = append(store, "second"), time.monotonic()
    one(store, write)
    assert before <= write.till - WRITE_SECONDS <= time.monotonic()


def test_who_comes_in_time_is_stored_once_the_lock_is_free(store):
    with ThreadPoolExecutor(1) as clients, held(store.path) as holder:
        waiting = clients.submit(one, store, append(store, "second"))
        until(lambda: store._lock._since, "it does not try")
        holder.kill()
        assert waiting.result(30) == "second"


@pytest.mark.skipif(not sqlite_write_lock.LOCKS.exists(), reason="the system names no holders")
def test_a_halted_holder_is_named_where_one_looks_whether_the_service_is_ready(store):
    assert readiness(store).ready
    with held(store.path) as holder:
        assert readiness(store).ready
        os.kill(holder.pid, signal.SIGSTOP)
        found = until(
            lambda: not (seen := readiness(store)).ready and seen,
            "it says it is ready",
        )
        assert found.checks["write_lock"].startswith(f"held by process {holder.pid} (")
        assert "halted" in found.checks["write_lock"]
    assert readiness(store).ready


def test_a_holder_that_keeps_it_for_long_is_named_as_well(store, caplog):
    with held(store.path) as holder:
        with pytest.raises(StoreUnavailable):
            one(store, due_in(1.5, append(store, "second")))
        assert f"process {holder.pid} " in readiness(store).checks["write_lock"]
    assert "write_lock_held" in caplog.text
    one(store, append(store, "third"))
    assert readiness(store).ready


def test_a_refusal_does_not_count_once_another_process_has_written(tmp_path):
    """It was decided on what was loaded query by query, and its twin came between."""
    database = f"sqlite:///{tmp_path / 'orders.db'}"
    with closing(open_store(database)) as store, closing(open_store(database)) as other:
        found = []

        def decide(within, loaded):
            found.append(loaded.idempotency_record)
            if len(found) == 1:
                one(other, append(other, "a", idempotency_record=idempotency_record("a")))
            if found[-1] is None:
                raise Refused
            return found[-1]

        unit = UnitOfWork(ReadSet(order="a", request=DIGEST), decide)
        assert one(store, unit) == idempotency_record("a")
        assert found == [None, idempotency_record("a")]
