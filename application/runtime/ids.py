"""Ids: 12 bytes as 24 hex digits. 4 bytes of creation time in seconds, 5 random, 3 of a counter."""

import itertools
import os
import re
import secrets
from datetime import datetime

COUNTERS = 2**24

_ID = re.compile(r"[0-9a-f]{24}\Z")


class _Source:
    """The random part and the counter of one process. Taking a number is one atomic step."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.random = secrets.token_hex(5)
        self.counter = itertools.count(secrets.randbelow(COUNTERS))


_source = _Source()


def new_id(at: datetime) -> str:
    """A new id, created at `at`. Unique over processes (their random part) and threads."""
    global _source  # noqa: PLW0603 - a forked process needs a random part of its own
    source = _source
    if source.pid != os.getpid():
        source = _source = _Source()
    return f"{int(at.timestamp()):08x}{source.random}{next(source.counter) % COUNTERS:06x}"


def is_id(text: str) -> bool:
    """Whether `text` is an id: 24 hex digits in lower case."""
    return _ID.match(text) is not None


def small_id(text: str) -> str:
    """An id as it is kept, in small letters, however it was written; any other text as it is."""
    small = text.lower()
    return small if is_id(small) else text
