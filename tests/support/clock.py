"""Clocks that tests set: `Clock` of a service in this process, `FalseClock` of other processes.

libfaketime makes the false ones: it puts itself before the system's calls.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
TEN_MINUTES = timedelta(minutes=10)

LIBRARY = next(
    (str(each) for each in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")),
    None,
)
NEEDED = "ORDERLOG_TEST_FAKETIME"
"""`required` where tests have to fail, not to be skipped, without the library."""

CAN_BE_FALSE = LIBRARY is not None or os.environ.get(NEEDED) == "required"
WHY = "libfaketime is not installed (apt-get install faketime)"

ONLY_PASSES = {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}

SLEEP = """
import select, time

time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""
"""Python sleeps until a moment of the clock that only passes, which the library refuses."""


class Clock:
    """Stands still until a test moves it; `on_look` is called whenever somebody looks."""

    __slots__ = ("moment", "on_look")

    def __init__(self, moment: datetime = NOON) -> None:
        self.set(moment)

    def set(self, moment: datetime = NOON) -> None:
        self.moment = moment
        self.on_look: Callable[[], None] = lambda: None

    def __call__(self) -> datetime:
        self.on_look()
        return self.moment

    def forward(self, **much: float) -> datetime:
        """Let time pass; return what time it is then."""
        self.moment += timedelta(**much)
        return self.moment


def written(moment: datetime) -> str:
    """A moment as the documented answers write it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}+00:00"


@contextmanager
def started_ahead(seconds: int) -> Iterator[None]:
    """Whatever is started meanwhile has a clock ahead by so many seconds, for as long as it lives.

    For what is started as a user who cannot read the tests' folders.
    """
    assert LIBRARY is not None, WHY
    false = {"LD_PRELOAD": LIBRARY, "FAKETIME": f"{seconds:+d}", **ONLY_PASSES}
    os.environ |= false
    try:
        yield
    finally:
        for name in false:
            del os.environ[name]


class FalseClock:
    """A clock that a process takes for its machine's; what only passes stays as it is."""

    def __init__(self, folder: Path, ahead: int = 0) -> None:
        self._folder = folder / f"false-clock-{ahead}"
        self._folder.mkdir()
        self._file = self._folder / "ahead"
        (self._folder / "sitecustomize.py").write_text(SLEEP, encoding="ascii")
        self.set(ahead)

    def set(self, ahead: int) -> None:
        """Set it `ahead` of the true time, by so many seconds, at once and for all that use it."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead:+d}\n", encoding="ascii")
        new.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        assert LIBRARY is not None, WHY
        return {
            "LD_PRELOAD": LIBRARY,
            "PYTHONPATH": str(self._folder),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            **ONLY_PASSES,
        }
