"""The list of a show's tickets: which rows of tickets there have to be, as the catalogue made them.

It changes only when a catalogue is loaded, by what was added, removed and changed. So rows that
were touched by anything else are found, and can be made again. Who has a ticket is not in it: that
is in the log.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

Listed = tuple[str, str, int, bytes]
"""A ticket: its id, its set, its number in the show, and its seat (JSON)."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Listed]).decode


class BadList(Exception):
    """The bytes of a list that are none."""


def packed(tickets: Sequence[Listed]) -> bytes:
    """A list as it is stored: MessagePack, deflated; by number and id."""
    return zlib.compress(_encode(sorted(tickets, key=_place)), 1)


def unpacked(data: bytes) -> list[Listed]:
    """The tickets of a list. Raises `BadList`."""
    try:
        return _decode(zlib.decompress(data))
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError, TypeError) as error:
        raise BadList(str(error)) from error


def is_of(data: bytes, rows: Sequence[Listed]) -> bool:
    """Whether a list has exactly these rows, which come by number and id."""
    try:
        return zlib.decompress(data) == _encode(rows)
    except (zlib.error, TypeError):
        return False


def _place(ticket: Listed) -> tuple[int, str]:
    return ticket[2], ticket[0]


def differing(
    listed: Mapping[str, Listed], rows: Mapping[str, Listed]
) -> Iterator[tuple[str, Listed | None, Listed | None]]:
    """Each ticket whose row is not as listed: its id, the row, what is listed (None: not there)."""
    for ticket, should in listed.items():
        if rows.get(ticket) != should:
            yield ticket, rows.get(ticket), should
    for ticket, row in rows.items():
        if ticket not in listed:
            yield ticket, row, None


def by_id(tickets: Sequence[Listed]) -> dict[str, Listed]:
    """Tickets by their ids."""
    return {ticket[0]: ticket for ticket in tickets}
