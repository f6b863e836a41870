"""Compares the money of a log with what a gateway knows that it sent, to the cent.

What was received, paid back and charged back is counted from the notices that were answered with
200, and what the tickets are worth by their one price. The log has to agree, order by order.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from application.event_log.event_mapper import event_of
from application.event_log.idempotency import notice_digest
from application.integrity.money_check import MoneyTotals
from application.ports.gateway_notices import GatewayNotice, NoticeState
from application.ports.store import Store
from domain.money import Balance
from domain.order import Order
from domain.order_money import balances_of
from domain.payment import order_of_token
from domain.status import Status

NOTHING = Decimal("0.00")
PLACES = ("earned", "due_back", "refunded", "charged_back", "kept", "attention")
"""Where money can be that was received."""

ACTED_ON = frozenset({NoticeState.ACTED, NoticeState.IGNORED})
RECEIVED, PAID_BACK, LOST = "payment.succeeded", "refund.succeeded", "dispute.lost"


class SentNotice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A notice as its gateway sent it, about the buyer with a token. `id` is the gateway's own."""

    id: str
    system: str
    buyer: str
    type: str
    payment: str
    amount: Decimal
    currency: str
    body: bytes
    refund: str | None = None


class PaymentProof(msgspec.Struct, frozen=True, kw_only=True):
    """The money that the gateway sent, where it is, and in words what is wrong or missing.

    `sent` is, by currency, what came for orders by the gateway's own count, and `of_nobody` what
    came for `unknown` buyers: that waits for a person, too.
    """

    notices: int
    unknown: int
    orders: int
    sent: dict[str, Decimal]
    of_nobody: dict[str, Decimal]
    balances: list[Balance]
    missing: list[str]
    wrong: list[str]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.missing and not self.wrong


class Ledger:
    """What the gateway knows of one order: by payment or refund, the currency and the amount."""

    def __init__(self) -> None:
        self._received: dict[str, tuple[str, Decimal]] = {}
        self._refunded: dict[str, tuple[str, Decimal]] = {}
        self._lost: dict[str, tuple[str, Decimal]] = {}

    def note(self, sent: SentNotice) -> None:
        """Count a notice that the service took; each payment and each refund counts once."""
        amount = sent.currency, sent.amount
        if sent.type == RECEIVED:
            self._received[sent.payment] = amount
        elif sent.type == PAID_BACK:
            self._refunded[sent.refund or sent.payment] = amount
        elif sent.type == LOST:
            self._lost[sent.payment] = amount

    @property
    def currencies(self) -> set[str]:
        """In which money moved."""
        return {currency for each in self._all for currency, _ in each.values()}

    @property
    def _all(self) -> list[dict[str, tuple[str, Decimal]]]:
        return [self._received, self._refunded, self._lost]

    def of(self, currency: str) -> dict[str, Decimal]:
        """The amounts of a balance that the gateway knows."""
        names = ("received", "refunded", "charged_back")
        return {
            name: sum((paid for said, paid in amounts.values() if said == currency), NOTHING)
            for name, amounts in zip(names, self._all, strict=True)
        }


def prove_payments(
    store: Store, sent: Iterable[SentNotice], price: Decimal, totals: Sequence[Balance]
) -> PaymentProof:
    """Compare the log with the notices that it took.

    `price` is that of each ticket; `totals` are the sums over the whole log.
    """
    by_order: defaultdict[str, list[SentNotice]] = defaultdict(list)
    for each in sent:
        by_order[order_of_token(each.buyer)].append(each)
    check = _Check(store, price)
    for order, notices in by_order.items():
        check.order(order, notices)
    check.whole(totals)
    return PaymentProof(
        notices=sum(map(len, by_order.values())),
        unknown=check.unknown,
        orders=len(by_order) - check.unknown,
        sent=dict(check.sent),
        of_nobody=dict(check.of_nobody),
        balances=[each for each in check.totals.balances() if each.currency],
        missing=check.missing,
        wrong=check.wrong,
    )


class _Check:
    """Compares order by order, and in the end the sums."""

    def __init__(self, store: Store, price: Decimal) -> None:
        self._store = store
        self._kept = store.notices()
        self._price = price
        self.unknown = 0
        self.missing: list[str] = []
        self.wrong: list[str] = []
        self.totals = MoneyTotals()
        self.sent: defaultdict[str, Decimal] = defaultdict(lambda: NOTHING)
        self.of_nobody: defaultdict[str, Decimal] = defaultdict(lambda: NOTHING)

    def order(self, order: str, notices: Sequence[SentNotice]) -> None:
        """Compare the money of an order, and look for its notices."""
        events = [event_of(each) for each in self._store.events(order)]
        kept = {(each.system, each.notice): each for each in self._kept.of_order(order)}
        if not events:
            self._of_nobody(notices)
            return
        self.missing += [
            f"order {order}: {says}" for each in notices for says in _not_kept(each, kept)
        ]
        ledger = Ledger()
        for each in notices:
            ledger.note(each)
        found = Order.replay(events)
        self.wrong += [f"order {order}: {says}" for says in self._differences(found, ledger)]

    def _of_nobody(self, notices: Sequence[SentNotice]) -> None:
        """A notice that names nobody is kept for a person to look at."""
        self.unknown += 1
        for each in notices:
            self.of_nobody[each.currency] += each.amount
            found = self._kept.find(notice_digest(each.system, each.id))
            if found is None or found.state is not NoticeState.UNKNOWN_BUYER:
                self.missing.append(f"notice {each.id} of nobody was answered with 200 and is lost")

    def _differences(self, order: Order, ledger: Ledger) -> Iterator[str]:
        balances = {each.currency: each for each in balances_of(order)}
        for currency in sorted(ledger.currencies | balances.keys()):
            balance = balances.get(currency) or Balance(currency=currency)
            known = ledger.of(currency)
            self.totals.add(balance)
            self.sent[currency] += known["received"]
            yield from _off(currency, known, balance)
        yield from self._tickets(order, balances, ledger)

    def _tickets(
        self, order: Order, balances: Mapping[str, Balance], ledger: Ledger
    ) -> Iterator[str]:
        """What the tickets are worth, and whether money that covers them got them."""
        if order.money is None or not order.money.currency:
            return
        own = balances[order.money.currency]
        worth = self._price * len(order.tickets)
        lost = ledger.of(own.currency)["charged_back"]
        given = max(NOTHING, worth - lost) if order.status is Status.DONE else NOTHING
        if own.earned != given:
            yield f"its tickets are worth {given}, and {own.earned} {own.currency} are earned"
        if order.status is not Status.DONE and own.attention >= worth > NOTHING:
            yield f"{own.attention} {own.currency} came, which cover its tickets, and it has none"

    def whole(self, totals: Sequence[Balance]) -> None:
        """Compare the sums with those over the whole log."""
        log = {each.currency: each for each in totals if each.currency}
        known = {each.currency: each for each in self.totals.balances()}
        for currency in sorted(log.keys() | known.keys()):
            there, here = log.get(currency), known.get(currency)
            if there != here and (there or here) != Balance(currency=currency):
                received = NOTHING if there is None else there.received
                self.wrong.append(
                    f"all orders received {received} {currency} by the log, and"
                    f" {self.sent[currency]} were sent"
                )


def _off(currency: str, known: Mapping[str, Decimal], balance: Balance) -> Iterator[str]:
    """How a balance differs from what the gateway knows, and from the sum of its places."""
    for name, amount in known.items():
        said = getattr(balance, name)
        if said != amount:
            yield f"{name} is {said} {currency}, and the gateway knows of {amount}"
    places = sum((getattr(balance, name) for name in PLACES), NOTHING)
    if places != known["received"]:
        yield f"{known['received']} {currency} were sent, and {places} have a place"


def _not_kept(sent: SentNotice, kept: Mapping[tuple[str, str], GatewayNotice]) -> Iterator[str]:
    """How the log falls short of the 200 that a notice was answered with."""
    found = kept.get((sent.system, sent.id))
    if found is None:
        yield f"notice {sent.id} was answered with 200 and is not in the log"
    elif found.body != sent.body:
        yield f"notice {sent.id} is in the log with other bytes than were sent"
    elif found.state not in ACTED_ON:
        yield f"notice {sent.id} is {found.state} in the log: its order did not act on it"
