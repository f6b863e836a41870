"""The port to a change of the catalogue: one transaction over documents, tickets and keys."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from application.ports.admin_trail import Deed
from application.ports.tickets import Ticket


class CatalogChange(Protocol):
    """A transaction over the catalogue; committed as a whole, or not at all."""

    def documents(self) -> dict[tuple[str, str], bytes]:
        """The documents in this transaction."""

    def put(self, kind: str, key: str, document: bytes) -> None:
        """Add or replace a document."""

    def remove(self, kind: str, key: str) -> None:
        """Remove a document."""

    def record(self, deed: Deed) -> None:
        """Add a deed to the administrative trail, in the same transaction."""

    def tickets(self, show: str) -> Iterator[Ticket]:
        """All tickets of a show by their numbers."""

    def tickets_by_id(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """These tickets, of whatever show; unknown ones are absent."""

    def add_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Add vacant tickets."""

    def remove_tickets(self, ids: Iterable[str]) -> None:
        """Remove vacant tickets; raises `TicketTaken` when one is not."""

    def change_ticket(self, ticket: Ticket) -> None:
        """Change a ticket's seat and nothing else."""

    def ticket_list(self, show: str) -> bytes | None:
        """The list of a show's tickets as it was stored (`application/ports/ticket_lists.py`)."""

    def restore_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Write ticket rows, new or not, as they are listed; their owners stay."""

    def relist(self, show: str) -> None:
        """Add all tickets that a show has rows of to its list."""
