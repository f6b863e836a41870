"""The library's recorder on an SQLite file."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from eventsourcing.persistence import ConnectionPoolClosedError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteConnection, SQLiteDatastore

from application.ports.unit_of_work import IdempotencyRecord, TicketChange
from application.storage.shared.batch import PendingWrites

READS_END_SECONDS = 5.0
"""How long closing waits for reads that are under way."""


class RecorderDatastore(SQLiteDatastore):
    """The library's connections, closed only when nobody reads.

    The library closes those in use as well, and SQLite crashes the process if another thread's
    statement is running then.
    """

    def __init__(self, path: str) -> None:
        self._ended = threading.Condition()
        self._reads = 0
        self._is_closed = False
        super().__init__(path, originator_id_type="text")

    @contextmanager
    def get_connection(self, *, commit: bool) -> Iterator[SQLiteConnection]:
        """A connection, until the block ends. Raises `ConnectionPoolClosedError`."""
        with self._ended:
            if self._is_closed:
                raise ConnectionPoolClosedError
            self._reads += 1
        try:
            with super().get_connection(commit=commit) as connection:
                yield connection
        finally:
            with self._ended:
                self._reads -= 1
                self._ended.notify_all()

    def close(self) -> None:
        """Refuse new reads, let those under way end, and close."""
        with self._ended:
            self._is_closed = True
            self._ended.wait_for(lambda: not self._reads, READS_END_SECONDS)
        super().close()


class SqliteRecorder(SQLiteApplicationRecorder):
    """The library's recorder, writing in a batch's transaction, tickets and all."""

    def __init__(self, path: str, append: Callable[[PendingWrites], Sequence[int]]) -> None:
        super().__init__(RecorderDatastore(path), events_table_name="orders_events")
        self._append = append

    def construct_create_table_statements(self) -> list[str]:
        """No statements: the layout makes the tables."""
        return []

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        within: PendingWrites | None = None,
        change: TicketChange | None = None,
        idempotency_record: IdempotencyRecord | None = None,
        **_: Any,
    ) -> Sequence[int] | None:
        """Append events in a batch, or in a transaction of their own.

        `within` is what a write's `decide` was given: the events are stored with its batch.
        Without it the positions are returned, or the library's `IntegrityError` is raised for a
        version that exists.
        """
        writes = PendingWrites() if within is None else within
        writes.add(stored_events, change, idempotency_record)
        if within is not None:
            return None
        return self._append(writes)
