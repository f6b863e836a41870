"""Reads once for all who ask at the same time."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from application.storage.shared.group_commit import GroupCommit

K = TypeVar("K")
O = TypeVar("O")  # noqa: E741 - an outcome


class SharedReads(Generic[K, O]):
    """Reads by keys: those that wait at the same time are read in one round trip.

    Nobody is given what was read before they asked. `read` returns an outcome for each key, in
    their order; one that is an exception is raised for who asked for it.
    """

    def __init__(self, read: Callable[[list[K]], Sequence[O | Exception]], name: str) -> None:
        self._together: GroupCommit[K, O] = GroupCommit(read, limited=True, name=name)

    def of(self, key: K) -> O:
        """What is read for a key. Raises `StoreUnavailable` after the caller's `StoreWait`."""
        [found] = self._together.submit([key])
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        """Stop reading. No caller may be waiting."""
        self._together.close()
