import threading
from pathlib import Path

import pytest

from application.ports.read_models import Page
from application.read_models.orders import TABLE
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
