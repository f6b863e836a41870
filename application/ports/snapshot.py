"""A snapshot of an order: what its first events make, so that they need not be read again."""

import msgspec

from domain.order import Order


class Snapshot(msgspec.Struct, frozen=True):
    """An order after some event, and the hash of that event, which covers all before it.

    It is right as long as the log has an event with this order, version and hash. The order is
    never changed: whoever replays more events does so on a copy.
    """

    order: Order
    hash: bytes

    @property
    def version(self) -> int:
        """The version of the last event that is in it."""
        return self.order.version
