"""A JSON array that is put together of encoded entries: an answer, or a page of a list."""

from collections.abc import Callable, Iterable
from hashlib import sha256

import msgspec

Cursor = str | int | None
"""Where a list goes on, perhaps by the number of a page; None if it does not."""

TAG_LENGTH = 32


class JsonPage(msgspec.Struct, frozen=True):
    """An answer that is a list or one of its entries: its bytes, what names them, what is next."""

    body: bytes
    tag: str
    cursor: Cursor = None


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


def page_of(
    entries: Iterable[bytes], most_bytes: int, cursor_behind: Callable[[int], Cursor]
) -> JsonPage:
    """The page of as many of these entries as have room.

    `cursor_behind` is where the list goes on after so many of them.
    """
    found = fitting(entries, most_bytes)
    body, cursor = array_of(found), cursor_behind(len(found))
    digest = sha256(body)  # processors have instructions for it: half the time of blake2b
    digest.update(str(cursor or "").encode())
    return JsonPage(body, digest.hexdigest()[:TAG_LENGTH], cursor)
