"""The order in which a set's vacant tickets are picked.

A pick starts at a random place and takes what follows, so each vacant ticket is as likely as any
other. But neighbours stay together in runs, which are shuffled: a batch of orders then changes a
page or two of the table, not a page for each ticket.
"""

import random
from collections.abc import Iterator

PLACES = 2**31
RUN = 32
"""How many neighbours are in a run. About as many tickets fill a page."""


def any_place() -> int:
    """A place to start a pick at."""
    return random.randrange(PLACES)  # noqa: S311 - which seat a buyer gets is no secret


def places(count: int) -> Iterator[int]:
    """The places of so many tickets, in the order in which they are added."""
    runs = -(-count // RUN)
    for nth in shuffled(runs):
        start, width = nth * PLACES // runs, PLACES // runs
        for place in shuffled(RUN):
            yield start + place * width // RUN


def shuffled(count: int) -> list[int]:
    """The numbers below `count`, in any order."""
    return random.sample(range(count), count)
