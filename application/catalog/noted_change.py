"""Notes what a load writes into the catalogue, so that it can be shown, or refused, as a whole."""

from collections.abc import Iterable, Iterator, Sequence

from application.ports.admin_trail import Deed
from application.ports.catalog import CatalogChange
from application.ports.store import Store
from application.ports.tickets import Ticket

Name = tuple[str, str]


class NotedChange:
    """A change that passes on what it is asked for, and notes it."""

    def __init__(self, change: CatalogChange) -> None:
        self._change = change
        self.put_documents: dict[Name, bytes] = {}
        self.seen: dict[str, Ticket] = {}
        """The tickets of the shows that were read, as they were before."""
        self.added: list[Ticket] = []
        self.removed: list[str] = []
        self.changed: list[Ticket] = []

    def documents(self) -> dict[Name, bytes]:
        """The documents in this transaction."""
        return self._change.documents()

    def put(self, kind: str, key: str, document: bytes) -> None:
        """Add or replace a document."""
        self._change.put(kind, key, document)
        self.put_documents[kind, key] = document

    def remove(self, kind: str, key: str) -> None:
        """Remove a document."""
        self._change.remove(kind, key)

    def record(self, deed: Deed) -> None:
        """Add a deed to the administrative trail."""
        self._change.record(deed)

    def tickets(self, show: str) -> Iterator[Ticket]:
        """All tickets of a show by their numbers."""
        for ticket in self._change.tickets(show):
            self.seen[ticket.id] = ticket
            yield ticket

    def tickets_by_id(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """These tickets, of whatever show."""
        return self._change.tickets_by_id(ids)

    def add_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Add vacant tickets."""
        new = list(tickets)
        self._change.add_tickets(new)
        self.added += new

    def remove_tickets(self, ids: Iterable[str]) -> None:
        """Remove vacant tickets."""
        gone = list(ids)
        self._change.remove_tickets(gone)
        self.removed += gone

    def change_ticket(self, ticket: Ticket) -> None:
        """Change a ticket's seat."""
        self._change.change_ticket(ticket)
        self.changed.append(ticket)

    def ticket_list(self, show: str) -> bytes | None:
        """The list of a show's tickets."""
        return self._change.ticket_list(show)

    def restore_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Write ticket rows as they are listed."""
        self._change.restore_tickets(tickets)

    def relist(self, show: str) -> None:
        """Add all tickets of a show to its list."""
        self._change.relist(show)


class UnwrittenChange:
    """A change of a store that reads it, and writes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def documents(self) -> dict[Name, bytes]:
        """The documents now."""
        return self._store.catalog()

    def tickets(self, show: str) -> Iterator[Ticket]:
        """All tickets of a show now."""
        return iter(self._store.tickets(show))

    def tickets_by_id(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """These tickets now."""
        return self._store.tickets_by_id(ids)

    def ticket_list(self, _show: str) -> None:
        """No list is read where none is written."""

    def put(self, kind: str, key: str, document: bytes) -> None:
        """Write nothing."""

    def remove(self, kind: str, key: str) -> None:
        """Remove nothing."""

    def record(self, deed: Deed) -> None:
        """Record nothing."""

    def add_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Add nothing."""

    def remove_tickets(self, ids: Iterable[str]) -> None:
        """Remove nothing."""

    def change_ticket(self, ticket: Ticket) -> None:
        """Change nothing."""

    def restore_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Restore nothing."""

    def relist(self, show: str) -> None:
        """List nothing."""
