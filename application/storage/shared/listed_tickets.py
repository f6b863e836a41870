"""Keeps the lists of shows' tickets while a catalogue is changed."""

from collections.abc import Callable, Iterable, Iterator

from application.ports.ticket_lists import BadList, Listed, by_id, packed, unpacked
from application.ports.tickets import Ticket


class ListedTickets:
    """The lists that a change of the catalogue touches, each read once and written once."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        """`read` returns a show's list as it is stored."""
        self._read = read
        self._shows: dict[str, dict[str, Listed]] = {}

    def put(self, tickets: Iterable[Ticket]) -> None:
        """List tickets, in the place of those with their ids."""
        for each in tickets:
            self._of(each.show)[each.id] = (each.id, each.set, each.number, each.seat)

    def reseat(self, ticket: Ticket) -> None:
        """Change the seat of a listed ticket."""
        listed = self._of(ticket.show)
        if ticket.id in listed:
            listed[ticket.id] = (*listed[ticket.id][:3], ticket.seat)

    def remove(self, show: str, ticket: str) -> None:
        """Remove a ticket from the list."""
        self._of(show).pop(ticket, None)

    def changed(self) -> Iterator[tuple[str, bytes]]:
        """The lists to store, by show."""
        for show, listed in self._shows.items():
            yield show, packed(list(listed.values()))

    def _of(self, show: str) -> dict[str, Listed]:
        listed = self._shows.get(show)
        if listed is None:
            listed = self._shows[show] = by_id(_tickets(self._read(show)))
        return listed


def _tickets(data: bytes | None) -> list[Listed]:
    """The tickets of a list; none if it cannot be read, which verification then reports."""
    try:
        return [] if data is None else unpacked(data)
    except BadList:
        return []
