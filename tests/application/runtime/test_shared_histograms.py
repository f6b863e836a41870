"""Histograms that the processes of a server count together."""

import os

from application.runtime import shared_histograms
from application.runtime.shared_histograms import SharedHistograms


def in_a_process(call):
    pid = os.fork()
    if pid == 0:
        try:
            call()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def test_a_value_is_in_the_first_bucket_that_it_is_not_beyond():
    counts = SharedHistograms((1, 2))
    for value in (0.5, 1, 1.5, 2, 7):
        counts.add(("a", "b"), value)
    [(labels, found)] = counts.totals().items()
    assert labels == ("a", "b")
    assert found.counts == [2, 2, 1]
    assert found.sum == 12


def test_processes_count_together_and_a_successor_goes_on():
    counts = SharedHistograms((1,))
    for process, first, second in ((0, "both", "of 0"), (1, "both", "of 1"), (1, "of 1", "both")):

        def count(process=process, names=(first, second)):
            counts.count_as(process)
            for name in names:
                counts.add((name,), 0.5 if name == "both" else 2)

        in_a_process(count)
    found = {labels[0]: (each.counts, each.sum) for labels, each in counts.totals().items()}
    assert found == {
        "both": ([3, 0], 1.5),
        "of 0": ([0, 1], 2.0),
        "of 1": ([0, 2], 4.0),
    }


def test_what_there_is_no_room_for_is_left_out(monkeypatch):
    monkeypatch.setattr(shared_histograms, "MOST", 2)
    counts = SharedHistograms((1,))
    longest = "x" * shared_histograms.NAME_BYTES
    for labels in ((longest + "x",), (longest,), ("é", "ü"), ("third",)):
        counts.add(labels, 1)
    assert set(counts.totals()) == {(longest,), ("é", "ü")}
