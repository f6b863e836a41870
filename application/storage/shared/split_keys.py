"""Splits the log by orders into parts of about the same number of events."""

from collections.abc import Iterable, Sequence

SAMPLE_OF_A_PART = 16
"""How many events are sampled for each part: enough for sizes that differ by about a fifth."""


def every_nth(sample: Iterable[str], count: int) -> Sequence[str]:
    """Fewer than `count` ids that split a sample of the events' order ids evenly, ascending."""
    ids = sorted(sample)
    places = (len(ids) * each // count for each in range(1, count))
    return list(dict.fromkeys(ids[place] for place in places if ids))
