"""The processor time of processes, as Linux counts it."""

import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def processor_seconds(pid: int) -> float | None:
    """What a process has used with all that it has made; None where the system does not say.

    That of processes that have ended is in the process that has waited for them.
    """
    try:
        ticks = sum(map(_ticks, _tree(pid)))
    except OSError:
        return None
    return ticks / os.sysconf("SC_CLK_TCK")


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for thread in (PROC / str(pid) / "task").iterdir():
        for child in (thread / "children").read_text(encoding="ascii").split():
            yield from _tree(int(child))


def _ticks(pid: int) -> int:
    """Its own time and that of children it has waited for, in user and in system mode."""
    fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))
