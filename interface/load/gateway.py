"""The drill's payment gateway: what its buyers do there, and the notices that it sends of it.

They come doubled, in any order and late; some are of wrong amounts, of nobody, or of a dispute.
"""

import random
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

import msgspec

from application.integrity.payment_proof import SentNotice
from application.payments.sandbox import SandboxNotice
from interface.load.gateway_sender import present
from interface.load.outbox import Letter, Outbox
from interface.sandbox.sender import body_of

GATE, LATE = "9" * 24, "8" * 24
"""The payment systems of the gateway; the hold of the second ends when its payment starts."""

PAGE = "https://pay.example/start"
CURRENCY, OTHER_CURRENCY = "RUB", "EUR"
OFF_BY = Decimal("5.00")
LATEST_SECONDS = 1.0
DOUBLED, NOBODYS, REFUNDED, REFUND_FAILS, REFUND_DIFFERS = 0.5, 0.02, 0.5, 0.2, 0.1

Lines = list[tuple[str, str, Decimal, str]]
"""Notices: of which type, of which payment of the order, the amount, the currency."""


class Paying(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer at the gateway: by which payment system, for which order, and what that costs."""

    system: str
    order: str
    token: str
    worth: Decimal


class ToRefund(msgspec.Struct, frozen=True):
    """An order of which tickets are to be given back, once it is done, and how it was paid."""

    paying: Paying
    payment: str


def _paid(worth: Decimal) -> Lines:
    return [
        ("payment.started", "1", worth, CURRENCY),
        ("payment.succeeded", "1", worth, CURRENCY),
    ]


def _failed(worth: Decimal) -> Lines:
    return [("payment.started", "1", worth, CURRENCY), ("payment.failed", "1", worth, CURRENCY)]


def _failed_first(worth: Decimal) -> Lines:
    return [*_failed(worth), ("payment.succeeded", "1", worth, CURRENCY)]


def _too_little(worth: Decimal) -> Lines:
    return _paid(worth - OFF_BY)


def _in_two_parts(worth: Decimal) -> Lines:
    return [
        ("payment.succeeded", "1", worth - OFF_BY, CURRENCY),
        ("payment.succeeded", "2", OFF_BY, CURRENCY),
    ]


def _too_much(worth: Decimal) -> Lines:
    return _paid(worth + OFF_BY)


def _twice(worth: Decimal) -> Lines:
    return [*_paid(worth), ("payment.succeeded", "2", worth, CURRENCY)]


def _other_currency(worth: Decimal) -> Lines:
    return [("payment.succeeded", "1", worth, OTHER_CURRENCY)]


def _disputed(worth: Decimal) -> Lines:
    return [*_paid(worth), ("dispute.opened", "1", worth, CURRENCY)]


def _dispute_won(worth: Decimal) -> Lines:
    return [*_disputed(worth), ("dispute.won", "1", worth, CURRENCY)]


def _dispute_lost(worth: Decimal) -> Lines:
    return [*_disputed(worth), ("dispute.lost", "1", worth, CURRENCY)]


PAYS: Mapping[Callable[[Decimal], Lines], int] = MappingProxyType(
    {
        _paid: 50,
        _failed: 6,
        _failed_first: 10,
        _too_little: 6,
        _in_two_parts: 5,
        _too_much: 6,
        _twice: 5,
        _other_currency: 3,
        _disputed: 3,
        _dispute_won: 3,
        _dispute_lost: 3,
    }
)
"""What buyers do, and how many of a hundred do it."""


class Gateway:
    """Takes buyers, and has their notices sent. `share` is that of the orders paid through it."""

    def __init__(self, outbox: Outbox, share: float, seed: int = 0) -> None:
        self.outbox = outbox
        self.share = share
        self.to_refund: deque[ToRefund] = deque()
        self.buyers = 0
        self._dice = random.Random(seed)  # noqa: S311 - a drill that can be repeated
        self._mutex = threading.Lock()

    def charge(self, paying: Paying) -> None:
        """Have a buyer do something; returns when its notices are in the outbox."""
        with self._mutex:
            self.buyers += 1
            plan = self._dice.choices(list(PAYS), list(PAYS.values()))[0]
            if plan is _paid and self._dice.random() < REFUNDED:
                self.to_refund.append(ToRefund(paying, f"gw-{paying.order}-1"))
            letters = [self._letter(paying, *line) for line in plan(paying.worth)]
            if self._dice.random() < NOBODYS:
                token = secrets.token_hex(20)
                nobody = msgspec.structs.replace(paying, token=token, order=token)
                letters.append(self._letter(nobody, *_paid(paying.worth)[-1]))
        self.outbox.put(letters)

    def refund(self, order: ToRefund, refund: str, value: Decimal) -> None:
        """Pay a refund back: some fail first, and of some another amount goes back."""
        with self._mutex:
            kinds = ["refund.failed"] if self._dice.random() < REFUND_FAILS else []
            if self._dice.random() < REFUND_DIFFERS:
                value -= OFF_BY
            letters = [
                self._send(
                    order.paying,
                    SandboxNotice(
                        id=f"evt_{refund}_{kind}",
                        type=kind,
                        payment=order.payment,
                        amount=value,
                        currency=CURRENCY,
                        refund=refund,
                    ),
                )
                for kind in [*kinds, "refund.succeeded"]
            ]
        self.outbox.put(letters)

    def _letter(
        self, paying: Paying, kind: str, payment: str, amount: Decimal, currency: str
    ) -> Letter:
        notice = SandboxNotice(
            id=f"evt_{paying.order}_{payment}_{kind}",
            type=kind,
            payment=f"gw-{paying.order}-{payment}",
            amount=amount,
            currency=currency,
        )
        return self._send(paying, notice)

    def _send(self, paying: Paying, notice: SandboxNotice) -> Letter:
        soon, count = time.monotonic(), 1 + (self._dice.random() < DOUBLED)
        sent = SentNotice(
            id=notice.id,
            system=paying.system,
            buyer=paying.token,
            type=notice.type,
            payment=notice.payment,
            amount=notice.amount,
            currency=notice.currency,
            refund=notice.refund,
            body=body_of(paying.token, notice, present()),
        )
        due = (soon + self._dice.random() * LATEST_SECONDS for _ in range(count))
        return Letter(sent, tuple(due))
