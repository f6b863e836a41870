"""The cores that the answering processes keep to, where that is wanted.

Python runs one thread of a process at a time. The event loop and the thread that commits take turns
several times in a batch. On two cores each turn has to wake the other core, and finds there
nothing of what the thread before has just used. So a process keeps to one core, if there is one for
each.
"""

import os
import secrets


def cores_for(processes: int) -> list[int | None]:
    """A core for each of so many processes; None for all if there are too few or none is known.

    The first is chosen at random: services that share a machine do not all take the same one.
    """
    try:
        allowed = sorted(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # not Linux, or forbidden
        allowed = []
    if processes > len(allowed):
        return [None] * processes
    first = secrets.randbelow(len(allowed))
    return [allowed[(first + each) % len(allowed)] for each in range(processes)]


def keep_to(core: int | None) -> None:
    """Run only on `core` from now on, with all threads that this one starts."""
    if core is not None:
        os.sched_setaffinity(0, {core})
