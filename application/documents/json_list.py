"""A JSON array that is put together of encoded entries."""

from collections.abc import Iterable


def array_of(entries: Iterable[bytes]) -> bytes:
    """The array of these entries."""
    return b"[%b]" % b",".join(entries)


def fitting(entries: Iterable[bytes], most_bytes: int) -> list[bytes]:
    """The first of these entries that have room in one answer: at least one."""
    found: list[bytes] = []
    size = 0
    for entry in entries:
        size += len(entry)
        if found and size > most_bytes:
            break
        found.append(entry)
    return found
