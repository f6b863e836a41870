"""Who waits for the log to grow is woken by a commit, whoever makes it."""

from concurrent.futures import ThreadPoolExecutor

from store_writes import append, one

FOR_EVER = 600
GUARD = 60
"""Seconds: the test fails after these, and would only wait longer."""
A_MOMENT = 0.02


def test_without_news_the_wait_ends_in_time(store):
    with ThreadPoolExecutor(1) as thread:
        thread.submit(store.wait_for_news, store.last_position(), A_MOMENT).result(GUARD)


def test_what_is_there_already_is_news(store):
    one(store, append(store, "a"))
    with ThreadPoolExecutor(1) as thread:
        thread.submit(store.wait_for_news, 0, FOR_EVER).result(GUARD)


def commits_end_waits(waiting, writing):
    """Each of some commits ends a wait for it, and nothing else does."""
    with ThreadPoolExecutor(1) as thread:
        for order in "abcde":
            before = waiting.last_position()
            wait = thread.submit(waiting.wait_for_news, before, FOR_EVER)
            writing.wait_for_news(before, A_MOMENT)
            assert not wait.done()
            one(writing, append(writing, order))
            wait.result(GUARD)
            assert [each.originator_id for each in waiting.log(before, 10)] == [order]


def test_a_commit_of_this_process_ends_the_wait(store):
    commits_end_waits(store, store)


def test_a_commit_of_another_process_ends_the_wait(open_store):
    commits_end_waits(open_store(), open_store())
