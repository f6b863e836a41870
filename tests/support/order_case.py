"""Given these events, when this is asked of the order, then that is recorded, refused, or nothing.

Whatever happens, the order must be what replaying its events gives: deciding assigns nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

import msgspec

from domain.events import Event
from domain.order import Order
from domain.refusals import Refusal

Ask = Callable[[Order], Order | None]
"""Something asked of an order. Making one answers with the new order."""


def reread(event: Event) -> Event:
    """The event as it comes back from the log."""
    return msgspec.json.decode(msgspec.json.encode(event), type=type(event))


@dataclass
class Case:
    told: list[Event]
    order: Order
    refusal: Refusal | None = None

    def when(self, *asks: Ask) -> Self:
        """Ask all of this of the order in one request."""
        try:
            for ask in asks:
                self.order = ask(self.order) or self.order
        except Refusal as refusal:
            self.refusal = refusal
        return self

    def then(self, *expected: Event) -> Order:
        """Exactly these events were recorded; they take the next places in the order's timeline."""
        assert self.refusal is None, repr(self.refusal)
        recorded = self.order.collect_events()
        assert recorded == numbered(expected, start=len(self.told) + 1)
        assert self.order == Order.replay([*self.told, *map(reread, recorded)])
        return self.order

    def then_nothing(self) -> Order:
        """Nothing was recorded and nothing has changed."""
        return self.then()

    def then_refused(self, kind: type[Refusal], **about: object) -> None:
        """It was refused for this reason, with these values, and nothing has changed."""
        assert type(self.refusal) is kind, repr(self.refusal)
        assert self.refusal.about == about
        assert self.order == Order.replay(self.told)


def numbered(events: Iterable[Event], start: int = 1) -> list[Event]:
    """The events with their places in the order's timeline."""
    return [
        msgspec.structs.replace(event, originator_version=version)
        for version, event in enumerate(events, start)
    ]


def given(events: Iterable[Event] = ()) -> Case:
    told = list(events)
    return Case(told, Order.replay(told))
