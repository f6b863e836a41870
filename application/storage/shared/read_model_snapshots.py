"""Snapshots of read models, as both stores make them of the rows as they are stored."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from application.ports.partitions import Range
from application.ports.read_models import ModelState, Row, StoredRow
from application.storage.shared.read_model_pages import row_of


class Snapshots(ABC):
    """The part of the port `ReadModels` that reads whole tables."""

    @abstractmethod
    def stored_rows(
        self, state: ModelState, partition: Range | None = None
    ) -> AbstractContextManager[tuple[int, Iterator[StoredRow]]]:
        """A snapshot with the rows as they are stored."""

    @contextmanager
    def snapshot(
        self, state: ModelState, partition: Range | None = None
    ) -> Iterator[tuple[int, Iterator[Row]]]:
        with self.stored_rows(state, partition) as (position, rows):
            yield position, map(row_of, rows)
