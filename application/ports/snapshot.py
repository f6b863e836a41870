"""A snapshot of an order: its state after some events, which then need not be read again."""

import msgspec

from domain.order import Order


class Snapshot(msgspec.Struct, frozen=True):
    """An order after some event, and the hash of that event, which covers all before it.

    It is valid as long as the log has an event with this order, version and hash. The order is
    never changed: further events are applied to a copy.
    """

    order: Order
    hash: bytes

    @property
    def version(self) -> int:
        """The version of the last event that is in it."""
        return self.order.version
