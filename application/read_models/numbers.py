"""The counters from which order numbers and positions are assigned, as the log has them."""

from collections.abc import Sequence

from application.ports.read_models import Row, Table
from domain.events import Event, OrderCreated

ORDERS = "order numbers"
POSITIONS = "positions"
TABLE = Table(name="numbers", columns={"last": int})
"""The last assigned number of each counter; more may be assigned than the log shows."""


def rows(events: Sequence[Event]) -> list[Row]:
    """The number that was assigned to an order."""
    return [row_of(ORDERS, event.number) for event in events if isinstance(event, OrderCreated)]


def row_of(counter: str, last: int) -> Row:
    """A counter as a row to show."""
    return Row(counter, (last,), b"{}")
