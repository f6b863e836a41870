"""Checks a read model's rows against the orders of a partition."""

from collections.abc import Iterator, Sequence
from operator import itemgetter

from application.integrity.chain_check import Checked
from application.integrity.findings import Finding, Kind
from application.ports.partitions import Range
from application.ports.read_models import Row, StoredRow
from application.ports.store import Store
from application.read_models.registry import Projection
from domain.order import Order

_key = itemgetter(0)


class RowCheck:
    """Compares the rows of a partition as they are stored, at the `position` that they show."""

    def __init__(self, projection: Projection, position: int, rows: Sequence[StoredRow]) -> None:
        self.position = position
        self._projection = projection
        self._name = projection.table.name
        self._rows = dict(zip(map(_key, rows), rows, strict=True))
        self._several: dict[str, list[str]] = {}
        for key in [key for key in self._rows if "/" in key]:
            self._several.setdefault(key.partition("/")[0], []).append(key)

    def order(self, order: Order, checked: Checked) -> None:
        """Compare the rows of an order with its events."""
        count = checked.count(self.position)
        rows = self._expected(order, checked, count)
        there = self._take(checked.order)
        if (rows or there) and [_stored(row) for row in rows] != there:
            checked.findings += self._differences(checked, count, rows, there)

    def pass_over(self, order: str) -> None:
        """Leave out an order whose state does not follow from its events."""
        self._take(order)

    def _expected(self, order: Order, checked: Checked, count: int) -> Sequence[Row]:
        """The rows that an order's first `count` events make."""
        if count == len(checked.events) and self._projection.rows_of is not None:
            return self._projection.rows_of(order)
        return self._projection.rows(checked.events[:count]) if count else []

    def _take(self, order: str) -> list[StoredRow]:
        """The rows of an order, which are no longer left over then.

        Their keys are the order's id, or begin with it.
        """
        own = self._rows.pop(order, None)
        rows = [] if own is None else [own]
        if self._several:
            rows += [self._rows.pop(key) for key in self._several.get(order, ())]
        return rows

    def _differences(
        self, checked: Checked, count: int, rows: Sequence[Row], there: Sequence[StoredRow]
    ) -> Iterator[Finding]:
        """Findings for rows that do not follow from the order's events."""
        expected = {row.key: _stored(row) for row in rows}
        had = {row[0]: row for row in there}
        for key in {**expected, **had}:
            if key not in had:
                says = f"The read model {self._name} does not have the row of the order."
            elif key not in expected:
                says = f"The read model {self._name} has a row for the order, but should have none."
            elif had[key] != expected[key]:
                says = f"The row of the order in the read model {self._name} was changed."
            else:
                continue
            version = checked.rows[max(count, 1) - 1][1]
            yield self._finding(says, checked.order, version)

    def left_over(self) -> Iterator[Finding]:
        """Findings for rows of orders that are not in the log."""
        for key in self._rows:
            says = f"The read model {self._name} has a row for an order that is not there."
            yield self._finding(says, key)

    def _finding(self, says: str, order: str, version: int | None = None) -> Finding:
        kind, name = Kind.READ_MODEL, self._name
        return Finding(kind, says, order, version, position=self.position, model=name)


def row_check(store: Store, projection: Projection, partition: Range) -> RowCheck:
    """The check of a read model's rows in a partition, as they are now."""
    models = store.read_models()
    state = models.state(projection.table.name)
    with models.stored_rows(state, partition) as (position, rows):
        return RowCheck(projection, position, list(rows))


def _stored(row: Row) -> StoredRow:
    return (row.key, *row.columns, row.document)
