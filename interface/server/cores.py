"""The cores that the answering processes keep to, as long as others leave them alone.

Python runs one thread of a process at a time. The event loop and the thread that commits take turns
several times in a batch. On two cores each turn has to wake the other core, and finds there
nothing of what the thread before has just used. So a process keeps to one core, if there is one for
each. There it would have to wait for whatever else runs on that core, so it leaves it while others
use it, and returns when they have left enough of the machine for a while.
"""

import math
import os
import re
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from application.runtime.background_thread import BackgroundThread

LOOK_SECONDS = 0.1
"""How often a process looks at what others use: so soon it leaves its core."""
LEAVES_AT = 0.3
"""It leaves a core of which others use more than this share."""
ROOM = 0.8
"""Others leave enough while they use less than this share of all other cores."""
RETURNS_AFTER = 1.0
"""It returns when that was so for so many seconds."""
THREADS = Path("/proc/self/task")
PROCESSOR_TIMES = Path("/proc/stat")
OF_A_CORE = re.compile(r"cpu\d")
BUSY = (1, 2, 3, 6, 7)
"""The fields of a core's line that count time of processes and interrupts."""

log = structlog.get_logger()


def cores_for(processes: int) -> list[int | None]:
    """A core for each of so many processes; None for all if there are too few.

    None also where the system does not say how busy each core is. The first is chosen at random:
    services that share a machine do not all take the same one.
    """
    try:
        allowed = sorted(os.sched_getaffinity(0) & busy_seconds().keys())
    except (AttributeError, OSError):  # not Linux, or forbidden
        allowed = []
    if processes > len(allowed):
        return [None] * processes
    first = secrets.randbelow(len(allowed))
    return [allowed[(first + each) % len(allowed)] for each in range(processes)]


class CoreAffinity(BackgroundThread):
    """Keeps this process to a core, but leaves it while others use it."""

    def __init__(self, core: int) -> None:
        super().__init__("core-affinity", self._look, LOOK_SECONDS)
        self._core = core
        self._all = os.sched_getaffinity(0)
        self._keeps = True
        self._crowded_at = -math.inf
        self._before = used_seconds()
        move_to({core})
        log.info("pinned", core=core)

    def _look(self) -> None:
        """Leave the core or return, by what others have used since the last look."""
        before, now = self._before, used_seconds()
        self._before = now
        seconds, own = now.moment - before.moment, now.own - before.own
        busy = {core: now.busy.get(core, 0.0) - before.busy.get(core, 0.0) for core in self._all}
        if self._keeps:
            crowded = (busy[self._core] - own) / seconds > LEAVES_AT
        else:
            crowded = (sum(busy.values()) - own) / seconds >= ROOM * (len(self._all) - 1)
        if crowded:
            self._crowded_at = now.moment
        keeps = now.moment - self._crowded_at > RETURNS_AFTER
        if keeps != self._keeps:
            self._keeps = keeps
            move_to({self._core} if keeps else self._all)


class UsedSeconds(msgspec.Struct, frozen=True):
    """What each core and this process had worked at a moment, in seconds."""

    moment: float
    busy: dict[int, float]
    own: float


def used_seconds() -> UsedSeconds:
    """All of that at this moment."""
    return UsedSeconds(time.monotonic(), busy_seconds(), time.process_time())


def busy_seconds() -> dict[int, float]:
    """For how long each core has been busy since the machine started."""
    tick = os.sysconf("SC_CLK_TCK")
    text = PROCESSOR_TIMES.read_text()
    cores = [line.split() for line in text.splitlines() if OF_A_CORE.match(line)]
    return {int(words[0][3:]): sum(int(words[each]) for each in BUSY) / tick for words in cores}


def move_to(cores: Iterable[int]) -> None:
    """Run on some cores only from now on, with all threads, also those that are just starting."""
    moved: set[str] = set()
    while news := {each.name for each in THREADS.iterdir()} - moved:
        for each in news:
            with suppress(ProcessLookupError):  # it has ended
                os.sched_setaffinity(int(each), cores)
        moved |= news
