"""Given these facts, when this is asked of the order, then that is recorded, refused, or nothing.

Whatever happens, the order must be what replaying its facts gives: deciding assigns nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

import msgspec

from domain.events import Fact
from domain.order import Order
from domain.refusals import Refusal

Ask = Callable[[Order], Order | None]
"""Something asked of an order. Making one answers with the new order."""


def reread(fact: Fact) -> Fact:
    """The fact as it comes back from the log."""
    return msgspec.json.decode(msgspec.json.encode(fact), type=type(fact))


@dataclass
class Case:
    told: list[Fact]
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

    def then(self, *expected: Fact) -> Order:
        """Exactly these facts were recorded; they take the next places in the order's story."""
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


def numbered(facts: Iterable[Fact], start: int = 1) -> list[Fact]:
    """The facts with their places in the order's story."""
    return [
        msgspec.structs.replace(fact, originator_version=version)
        for version, fact in enumerate(facts, start)
    ]


def given(facts: Iterable[Fact] = ()) -> Case:
    told = list(facts)
    return Case(told, Order.replay(told))
