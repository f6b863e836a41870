import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from eventsourcing.persistence import ConnectionPoolClosedError

from application.ports.read_models import Page
from application.ports.store import StoreUnavailable
from application.read_models.orders import TABLE
from application.storage.sqlite.connections import Connections
from application.storage.sqlite.recorder import RecorderDatastore
from application.storage.sqlite.store import SqliteStore

OPEN_FILES = Path("/proc/self/fd")


def opened(path):
    """How often this process has the store's two files open."""
    links = [str(each.readlink()) for each in OPEN_FILES.iterdir() if each.is_symlink()]
    return links.count(path), links.count(f"{path}-views")


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="this system does not list open files")
def test_what_a_thread_opened_is_closed_when_it_ends(tmp_path):
    """A server's threads come and go with the load; what stays open would pile up."""
    path = str(tmp_path / "orders.db")
    store = SqliteStore(path)
    store.read_models().ensure(TABLE)

    def read():
        store.last_position()
        store.read_models().page("orders", Page("number"))

    def read_in_a_thread_of_its_own():
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
        return opened(path)

    first = read_in_a_thread_of_its_own()
    assert min(first) > 1
    assert {read_in_a_thread_of_its_own() for _ in range(20)} == {first}
    store.close()
    assert opened(path) == (0, 0)


def test_closing_leaves_a_read_of_another_thread_alone(tmp_path):
    """To close a connection while another thread's statement runs on it crashes the process."""
    store = SqliteStore(str(tmp_path / "orders.db"))
    connections = Connections(str(tmp_path / "orders.db"), "FULL")
    reading, closed = threading.Event(), threading.Event()

    def read():
        cursor = connections.mine.execute("VALUES (1), (2)")
        first = cursor.fetchone()
        reading.set()
        closed.wait(60)
        return [first, cursor.fetchone()]

    with ThreadPoolExecutor() as threads:
        rows = threads.submit(read)
        reading.wait(60)
        connections.close()
        store.close()
        closed.set()
        assert rows.result() == [(1,), (2,)]
        with pytest.raises(StoreUnavailable, match="was closed"):
            threads.submit(lambda: connections.mine).result()


def test_the_recorder_closes_after_the_reads_under_way(tmp_path):
    datastore = RecorderDatastore(str(tmp_path / "orders.db"))
    with ThreadPoolExecutor() as threads:
        with datastore.transaction(commit=False) as cursor:
            cursor.execute("VALUES (1), (2)")
            assert tuple(cursor.fetchone()) == (1,)
            closing = threads.submit(datastore.close)
            with pytest.raises(TimeoutError):
                closing.result(0.2)
            assert tuple(cursor.fetchone()) == (2,)
        closing.result(60)
    with pytest.raises(ConnectionPoolClosedError), datastore.transaction(commit=False):
        pass
