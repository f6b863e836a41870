import threading
import time

from store_writes import append, one


def waits(store, after, seconds):
    begun = time.monotonic()
    store.wait_for_news(after, seconds)
    return time.monotonic() - begun


def test_without_news_the_wait_ends_in_time(store):
    assert 0.2 <= waits(store, store.last_position(), 0.2) < 2


def test_what_is_there_already_is_news(store):
    one(store, append(store, "a"))
    assert waits(store, 0, 30) < 10


def test_a_commit_of_this_process_ends_the_wait(store):
    timer = threading.Timer(0.1, one, (store, append(store, "a")))
    timer.start()
    assert waits(store, 0, 30) < 10
    assert len(store.log(0, 10)) == 1
    timer.join()


def test_a_commit_of_another_process_ends_the_wait(open_store):
    first, second = open_store(), open_store()
    timer = threading.Timer(0.1, one, (first, append(first, "a")))
    timer.start()
    assert waits(second, 0, 30) < 10
    assert len(second.log(0, 10)) == 1
    timer.join()
