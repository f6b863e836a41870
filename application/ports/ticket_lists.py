"""The list of a show's tickets: the ticket rows that there have to be, as the catalogue made them.

It changes only when a catalogue is loaded, by what was added, removed and changed. So any other
change of the rows is detected, and they can be made again. It does not have the owners of tickets,
which are in the log.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

Listed = tuple[str, str, int, bytes]
"""A ticket: its id, its set, its number in the show, and its seat (JSON)."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Listed]).decode


class BadList(Exception):
    """The bytes are not a list of tickets."""


def packed(tickets: Sequence[Listed]) -> bytes:
    """The stored form of a list: MessagePack, deflated; by number and id."""
    return zlib.compress(_encode(sorted(tickets, key=_place)), 1)


def unpacked(data: bytes) -> list[Listed]:
    """The tickets of a list. Raises `BadList`."""
    try:
        return _decode(zlib.decompress(data))
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError, TypeError) as error:
        raise BadList(str(error)) from error


def is_of(data: bytes, rows: Sequence[Listed]) -> bool:
    """Whether a list has exactly these rows, which are sorted by number and id."""
    try:
        return zlib.decompress(data) == _encode(rows)
    except (zlib.error, TypeError):
        return False


def _place(ticket: Listed) -> tuple[int, str]:
    return ticket[2], ticket[0]


def differing(
    listed: Mapping[str, Listed], rows: Mapping[str, Listed]
) -> Iterator[tuple[str, Listed | None, Listed | None]]:
    """Each ticket that differs from the list: its id, its row, its entry (None: missing)."""
    for ticket, should in listed.items():
        if rows.get(ticket) != should:
            yield ticket, rows.get(ticket), should
    for ticket, row in rows.items():
        if ticket not in listed:
            yield ticket, row, None


def by_id(tickets: Sequence[Listed]) -> dict[str, Listed]:
    """Tickets by their ids."""
    return {ticket[0]: ticket for ticket in tickets}
