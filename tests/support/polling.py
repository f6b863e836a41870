"""Waits for what another thread or process does."""

import time
from collections.abc import Callable
from typing import Any

SECONDS = 60


def until(true: Callable[[], Any], why: str, seconds: float = SECONDS) -> Any:
    """Ask again and again until it is so; return what was answered."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, why
        time.sleep(0.01)
    return found
