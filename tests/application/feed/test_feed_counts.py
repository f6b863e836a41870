"""Which stream of the feed is furthest behind, among all processes of a server."""

import pytest

from application.feed import counts
from application.feed.counts import FeedCounts


@pytest.fixture
def feed():
    return FeedCounts()


def slowest(feed):
    return feed.total().slowest - 1


def test_the_furthest_behind_counts_until_it_ends_or_goes_on(feed):
    assert slowest(feed) == -1
    feed.stands(1, 7)
    feed.stands(2, 0)
    assert slowest(feed) == 0
    feed.stands(2, 9)
    assert slowest(feed) == 7
    feed.stands(1, None)
    assert slowest(feed) == 9
    feed.stands(2, None)
    assert slowest(feed) == -1


def test_the_furthest_behind_of_all_processes_counts(feed):
    feed.count_as(1)
    feed.stands(1, 5)
    feed.count_as(2)
    feed.stands(1, 3)
    assert slowest(feed) == 3
    feed.count_as(2)  # its successor has no streams yet
    assert slowest(feed) == 5


def test_among_many_it_is_looked_for_once_a_second(feed, monkeypatch):
    now = iter(range(1000, 2000))
    monkeypatch.setattr(counts.time, "monotonic", lambda: now.__next__() * 0.01)
    for stream in range(counts.FEW + 1):
        feed.stands(stream, 1)
    for stream in range(counts.FEW + 1):
        feed.stands(stream, 2)
    assert slowest(feed) == 1
    for _ in range(100):
        feed.stands(0, 3)
    assert slowest(feed) == 2
