"""A sender's own book of the money that it moved: who was to pay what, and where each cent is then.

Nothing here asks the service or imports it: what its orders say can be compared with this.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from notice_sender import Delivery

NOMINAL, EXTRA = "33.33", "3.34"
PRICE = Decimal(NOMINAL) + Decimal(EXTRA)
NOTHING = Decimal("0.00")
RUB, EUR = "RUB", "EUR"
OPENED, WON, LOST = "opened", "won", "lost"
PLACES = ("earned", "due_back", "refunded", "charged_back", "kept")
AMOUNTS = ("received", *PLACES, "waiting", "disputed")


@dataclass(frozen=True)
class Gate:
    """A payment system of a gateway, with what its notices are signed with."""

    id: str
    alias: str
    late: str
    key: str
    stripe: bool = False

    @property
    def path(self) -> str:
        return f"/v1/gateways/{self.id}/notifications"


@dataclass
class Refund:
    """A refund of one ticket: what its notices say, and what is known of it."""

    kinds: tuple[str, ...] = ("succeeded",)
    short: Decimal = NOTHING
    approved: bool = True
    asked: bool = True
    id: str = ""

    @property
    def paid(self) -> Decimal:
        return PRICE - self.short if "succeeded" in self.kinds else NOTHING


@dataclass
class Entry:
    """An order and its money. `over` is how it ended before the money came, if it had."""

    number: int
    kind: str
    gate: Gate
    count: int = 2
    over: str = ""
    gone: bool = False
    payments: list[tuple[Decimal, str]] = field(default_factory=list)
    failed: bool = False
    unknown: bool = False
    dispute: tuple[Decimal, tuple[str, ...]] = (NOTHING, ())
    refunds: list[Refund] = field(default_factory=list)
    id: str = ""
    token: str = ""
    tickets: tuple[str, ...] = ()
    not_before: float = 0.0

    @property
    def worth(self) -> Decimal:
        return PRICE * self.count

    @property
    def sent_to(self) -> str:
        """The token that its notices carry."""
        return self.token if not self.unknown else self.token[:-1] + "!"

    @property
    def received(self) -> dict[str, Decimal]:
        sums = defaultdict(lambda: NOTHING)
        for amount, currency in [] if self.unknown else self.payments:
            sums[currency] += amount
        return dict(sums)

    @property
    def covered(self) -> bool:
        return self.received.get(RUB, NOTHING) >= self.worth

    @property
    def had_again(self) -> bool:
        """Whether an order that was over has its tickets, or others, when its money has come."""
        return {"refund": False, "same_tickets": not self.gone}.get(self.gate.late, True)

    @property
    def status(self) -> str:
        if self.covered and (not self.over or self.had_again):
            return "done"
        return self.over or "in_progress"

    def balances(self) -> dict[str, dict[str, Decimal]]:
        """Where its money is, by currency."""
        found = {each: dict.fromkeys(AMOUNTS, NOTHING) for each in [RUB, *self.received]}
        found[RUB] |= self._own()
        for currency, amounts in found.items():
            amounts["received"] = self.received.get(currency, NOTHING)
            amounts["waiting"] = amounts["received"] - sum(amounts[each] for each in PLACES)
        return found

    def _own(self) -> dict[str, Decimal]:
        amount, states = self.dispute
        back = amount if LOST in states else NOTHING
        approved = [each for each in self.refunds if each.asked and each.approved]
        due = sum((PRICE for each in approved if "succeeded" not in each.kinds), NOTHING)
        earned = NOTHING
        if self.status == "done":
            earned = max(NOTHING, self.worth - PRICE * len(approved) - back)
        elif self.over and self.covered:
            due = self.received[RUB]
        return {
            "earned": earned,
            "due_back": due,
            "refunded": sum((each.paid for each in self.refunds), NOTHING),
            "charged_back": back,
            "disputed": amount if states == (OPENED,) else NOTHING,
        }

    @property
    def waits(self) -> bool:
        """Whether a person has to look at it."""
        balances = self.balances()
        required = bool(self.over) and balances[RUB]["due_back"] > 0
        failed = any(each.kinds == ("failed",) for each in self.refunds if each.approved)
        disputed = balances[RUB]["disputed"] > 0
        return required or failed or disputed or any(each["waiting"] for each in balances.values())


# What is to happen to an order, by the name of its kind.


def _plain(entry: Entry, dice: random.Random) -> None:
    entry.payments = [(entry.worth, RUB)]
    entry.failed = dice.random() < 0.2


def _declined(entry: Entry, dice: random.Random) -> None:
    entry.failed = True


def _short(entry: Entry, dice: random.Random) -> None:
    entry.payments = [(entry.worth - _some(dice), RUB)]


def _over(entry: Entry, dice: random.Random) -> None:
    entry.payments = [(entry.worth + _some(dice), RUB)]


def _euro(entry: Entry, dice: random.Random) -> None:
    entry.payments = [(entry.worth, EUR)]


def _euro_too(entry: Entry, dice: random.Random) -> None:
    entry.payments = [(_some(dice), EUR), (entry.worth, RUB)]


def _twice(entry: Entry, dice: random.Random) -> None:
    entry.payments = [(entry.worth, RUB)] * 2


def _parts(entry: Entry, dice: random.Random) -> None:
    first = _some(dice)
    entry.payments = [(first, RUB), (entry.worth - first, RUB)]


def _disputed(entry: Entry, dice: random.Random) -> None:
    _plain(entry, dice)
    amount = dice.choice([entry.worth, entry.worth, _some(dice)])
    entry.dispute = amount, dice.choice([(OPENED,), (OPENED, WON), (OPENED, LOST), (LOST,)])


def _unknown(entry: Entry, dice: random.Random) -> None:
    _plain(entry, dice)
    entry.unknown = True


def _given_back(entry: Entry, dice: random.Random) -> None:
    _plain(entry, dice)
    entry.refunds = dice.choice(
        [
            [Refund()],
            [Refund(), Refund()],
            [Refund(), Refund(("failed",))],
            [Refund(("failed",))],
            [Refund(("failed", "succeeded"))],
            [Refund(short=_some(dice))],
            [Refund(approved=False, kinds=())],
            [Refund(kinds=())],
            [Refund(asked=False, approved=False, short=_some(dice))],
        ]
    )


def _late(entry: Entry, dice: random.Random) -> None:
    dice.choice([_plain, _plain, _plain, _short, _over, _euro])(entry, dice)
    entry.over = dice.choice(["expired", "canceled"])
    entry.gone = dice.random() < 0.4


def _some(dice: random.Random) -> Decimal:
    """Some money, less than a ticket."""
    return Decimal(dice.randint(1, 3000)) / 100


KINDS = MappingProxyType(
    {
        "plain": (_plain, 30),
        "declined": (_declined, 5),
        "short": (_short, 5),
        "over": (_over, 5),
        "euro": (_euro, 3),
        "euro_too": (_euro_too, 3),
        "twice": (_twice, 5),
        "parts": (_parts, 5),
        "disputed": (_disputed, 8),
        "unknown": (_unknown, 3),
        "given_back": (_given_back, 13),
        "late": (_late, 25),
    }
)
"""What happens to an order, and how often of 110 times."""


def entries(count: int, gates: tuple[Gate, ...], dice: random.Random) -> list[Entry]:
    """So many orders to be; each kind is among them."""
    weights = [weight for _, weight in KINDS.values()]
    kinds = [*KINDS, *dice.choices(list(KINDS), weights, k=count - len(KINDS))]
    found = []
    for number, kind in enumerate(kinds):
        entry = Entry(number, kind, dice.choice(gates))
        KINDS[kind][0](entry, dice)
        found.append(entry)
    return found


# The notices.


class Notices:
    """Writes notices down as deliveries: each at least twice, shuffled, the late ones last."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.sent: dict[str, Entry] = {}
        self.bodies: dict[str, str] = {}
        """Whom each notice is about, and what it says, by its id."""

    def of_payments(self, book: list[Entry]) -> list[Delivery]:
        return self._mixed([each for entry in book for each in self._paid(entry)])

    def of_refunds(self, book: list[Entry]) -> list[Delivery]:
        return self._mixed([each for entry in book for each in self._refunded(entry)])

    def _paid(self, entry: Entry) -> Iterator[Delivery]:
        for place, (amount, currency) in enumerate(entry.payments):
            about = {"payment": _payment(entry, place), "amount": str(amount), "currency": currency}
            yield self._notice(entry, "payment.started", about)
            yield self._notice(entry, "payment.succeeded", about, entry.not_before)
        about = {"payment": _payment(entry), "amount": str(entry.worth), "currency": RUB}
        if entry.failed:
            yield self._notice(entry, "payment.failed", about)
        amount, states = entry.dispute
        for state in states:
            yield self._notice(entry, f"dispute.{state}", {**about, "amount": str(amount)})

    def _refunded(self, entry: Entry) -> Iterator[Delivery]:
        for refund in entry.refunds:
            named = {"refund": refund.id} if refund.asked else {}
            about = {"payment": _payment(entry), "currency": RUB, **named}
            for kind in refund.kinds:
                amount = refund.paid if kind == "succeeded" else PRICE
                yield self._notice(entry, f"refund.{kind}", {**about, "amount": str(amount)})

    def _notice(
        self, entry: Entry, kind: str, about: dict[str, str], not_before: float = 0.0
    ) -> Delivery:
        name = f"evt_{len(self.sent) + 1}"
        self.sent[name] = entry
        data = {"customer": entry.sent_to, **about}
        body = {"id": name, "type": kind, "created_at": "2030-06-01T12:00:00Z", "data": data}
        self.bodies[name] = json.dumps(body)
        return Delivery(
            place=0,
            path=entry.gate.path,
            id=name,
            body=self.bodies[name],
            key=entry.gate.key,
            stripe=entry.gate.stripe,
            not_before=not_before,
        )

    def _mixed(self, notices: list[Delivery]) -> list[Delivery]:
        doubled = [each for each in notices for _ in range(self._dice.choice([2, 2, 3]))]
        self._dice.shuffle(doubled)
        doubled.sort(key=lambda each: each.not_before)
        return [replace_place(each, place) for place, each in enumerate(doubled)]


def replace_place(delivery: Delivery, place: int) -> Delivery:
    return Delivery(**{**vars(delivery), "place": place})


def _payment(entry: Entry, place: int = 0) -> str:
    return f"gw-{entry.number}-{place}"


# The recount.


def totals(book: list[Entry]) -> dict[str, Counter[str]]:
    """Where all money is, by currency."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in book:
        for currency, amounts in entry.balances().items():
            for name, amount in amounts.items():
                sums[currency][name] += amount
    return dict(sums)
