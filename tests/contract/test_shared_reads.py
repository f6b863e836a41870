"""Those who ask at the same time share one read; nobody gets what was read before they asked."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from polling import until

from application.storage.shared.shared_reads import SharedReads


class Shelf:
    """Counts its reads, the first of which ends only when it is told to."""

    def __init__(self):
        self.asked = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.reads = SharedReads(self.read, "shelf")

    def read(self, keys):
        self.asked.append(sorted(keys))
        number = len(self.asked)
        self.begun.set()
        assert self.go_on.wait(30)
        return [KeyError(key) if key == "gone" else (key, number) for key in keys]


@pytest.fixture
def shelf():
    shelf = Shelf()
    yield shelf
    shelf.go_on.set()
    shelf.reads.close()


def test_who_asks_during_a_read_waits_for_the_next_one(shelf):
    with ThreadPoolExecutor() as threads:
        first = threads.submit(shelf.reads.of, "a")
        assert shelf.begun.wait(30)
        others = [threads.submit(shelf.reads.of, key) for key in ("a", "b", "b")]
        until(lambda: shelf.reads._together._waiting.qsize() == 3, "they do not come")
        shelf.go_on.set()
        assert first.result() == ("a", 1)
        assert [each.result() for each in others] == [("a", 2), ("b", 2), ("b", 2)]
    assert shelf.asked == [["a"], ["a", "b", "b"]]


def test_a_failure_is_for_who_asked_for_it(shelf):
    shelf.go_on.set()
    with pytest.raises(KeyError):
        shelf.reads.of("gone")
    assert shelf.reads.of("a") == ("a", 2)
