"""The counters from which order numbers and positions are drawn, as the log has them."""

from collections.abc import Sequence

from application.ports.read_models import Row, Table
from domain.events import Fact, OrderCreated

ORDERS = "order numbers"
POSITIONS = "positions"
TABLE = Table(name="numbers", columns={"last": int})
"""The last number that was drawn of each counter; more may have been than the log shows."""


def rows(facts: Sequence[Fact]) -> list[Row]:
    """The order number that an order drew."""
    return [row_of(ORDERS, fact.number) for fact in facts if isinstance(fact, OrderCreated)]


def row_of(counter: str, last: int) -> Row:
    """A counter as a row to show."""
    return Row(counter, (last,), b"{}")
