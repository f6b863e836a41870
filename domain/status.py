"""The statuses of an order and the one table of allowed moves between them."""

from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """Where an order is in its life; the values are the documented words."""

    EXECUTED = "executed"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELED = "canceled"
    EXPIRED = "expired"


MOVES: MappingProxyType[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.EXECUTED: frozenset({Status.IN_PROGRESS, Status.CANCELED, Status.EXPIRED}),
        Status.IN_PROGRESS: frozenset({Status.DONE, Status.CANCELED, Status.EXPIRED}),
        Status.DONE: frozenset(),
        Status.CANCELED: frozenset(),
        Status.EXPIRED: frozenset(),
    }
)
"""Every move an order can make. What is not here does not happen."""

HELD = frozenset({Status.EXECUTED, Status.IN_PROGRESS})
"""The statuses in which tickets are held for a limited time."""

LET_GO = frozenset({Status.CANCELED, Status.EXPIRED})
"""The statuses in which an order no longer has the tickets it lists."""

SYSTEM_ONLY = frozenset({Status.EXPIRED})
"""The statuses that no client may ask for: the passing of time sets them."""


def next_statuses(status: Status, *, paid_by_gateway: bool = False) -> list[Status]:
    """What a client may ask for from `status`, in the order of an order's life.

    That an order is done is not for a client to say where a gateway says that it is paid.
    """
    allowed = MOVES[status] - SYSTEM_ONLY - ({Status.DONE} if paid_by_gateway else set())
    return [each for each in Status if each in allowed]
