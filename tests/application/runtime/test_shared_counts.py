"""All processes of a server count into one memory, whichever of them is asked and dies."""

import os

import pytest

from application.feed.counts import FeedCounts
from application.runtime.shared_counts import MOST, NAME_BYTES, SharedCounts
from application.runtime.shared_histograms import SharedHistograms
from application.runtime.shared_slots import PLACES
from interface.server.replacement import MOST_PROCESSES, place_of


@pytest.fixture
def counts():
    return SharedCounts()


def in_a_process(number, counts, *names):
    """Count in a forked process, which then ends without a word."""
    child = os.fork()
    if child == 0:
        try:
            counts.count_as(number)
            for name in names:
                counts.add(name)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def test_what_all_have_counted_is_added_up(counts):
    counts.add("kept")
    in_a_process(0, counts, "kept", "kept", "repeated")
    in_a_process(1, counts, "kept", "überwiesen")
    assert counts.totals() == {"kept": 4, "repeated": 1, "überwiesen": 1}


def test_the_successor_of_a_process_goes_on(counts):
    in_a_process(3, counts, "kept", "repeated")
    in_a_process(3, counts, "repeated", "pending", "kept")
    assert counts.totals() == {"kept": 2, "repeated": 2, "pending": 1}


def test_there_are_never_more_names_than_there_is_room_for(counts):
    for number in range(MOST + 5):
        counts.add(f"name {number}")
    counts.add("name 0")
    assert len(counts.totals()) == MOST
    assert counts.totals()["name 0"] == 2
    in_a_process(0, counts, "n" * NAME_BYTES, "n" * (NAME_BYTES + 1))
    assert counts.totals()["n" * NAME_BYTES] == 1
    assert "n" * (NAME_BYTES + 1) not in counts.totals()


def test_every_process_and_its_successor_has_a_place():
    last = place_of(MOST_PROCESSES - 1, 1)
    assert last < PLACES - 1  # which is the parent's
    for each in (SharedCounts(), SharedHistograms((1,)), FeedCounts()):
        each.count_as(last)
