"""Checks the kept notices of gateways against the events of the orders that acted on them.

Every notice that was acted on has its one event, every event of a gateway names a kept notice, and
what a notice says that was ignored is known of its order all the same. A notice's bytes are proven
by the fingerprint in its event, which is under the order's chain.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from types import MappingProxyType

import msgspec

from application.event_log.idempotency import notice_digest
from application.integrity.chain_check import Checked
from application.integrity.findings import Finding, Kind
from application.ports.gateway_notices import KeptNotice, NoticeState
from application.ports.store import Store
from domain.events import (
    DisputeChanged,
    Event,
    Idempotency,
    PaymentFailed,
    PaymentReceived,
    PaymentStarted,
    RefundFailed,
    RefundPaid,
)
from domain.gateway import DisputeState, GatewayPayment, PaymentState, payment_key, rises
from domain.order import Order
from domain.refunds import RefundStatus

STARTED, FAILED, RECEIVED = "payment.started", "payment.failed", "payment.succeeded"
PAID_BACK, NOT_PAID_BACK, DISPUTE = "refund.succeeded", "refund.failed", "dispute."


class Said(msgspec.Struct, frozen=True):
    """What a notice or an event says of a payment; a refund that failed has no amount."""

    type: str
    system: str
    payment: str
    amount: Decimal
    currency: str


class Unkept(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a gateway whose notice was not found when the others were read."""

    digest: bytes
    order: str
    version: int
    position: int


class Notices(msgspec.Struct, kw_only=True):
    """The result of a comparison: how many notices there are of each kind, and events of none."""

    acted: int = 0
    ignored: int = 0
    pending: int = 0
    unkept: list[Unkept] = msgspec.field(default_factory=list)

    def add(self, other: "Notices") -> None:
        """Add the result of another partition."""
        self.acted += other.acted
        self.ignored += other.ignored
        self.pending += other.pending
        self.unkept += other.unkept


class _Effect(msgspec.Struct):
    """The events of one notice: what they say, where the first one is, and the notice's claim."""

    claim: Idempotency | None
    said: list[Said]
    version: int
    position: int


class NoticeCheck:
    """Checks the orders of a partition with their notices; with None it does nothing."""

    def __init__(self, kept: Sequence[KeptNotice] | None) -> None:
        self._compared = kept is not None
        self._kept: defaultdict[str, list[KeptNotice]] = defaultdict(list)
        for notice in kept or ():
            self._kept[notice.order].append(notice)
        self.notices = Notices()

    def pass_over(self, order: str) -> None:
        """Leave out an order whose events cannot be read."""
        self._kept.pop(order, None)

    def order(self, order: Order, checked: Checked) -> None:
        """Compare the notices of an order with its events."""
        kept = self._kept.pop(checked.order, ())
        if not self._compared or (order.money is None and not kept):
            return
        effects: dict[bytes, _Effect] = {}
        for effect in _effects(checked):
            if effect.claim is None:
                says = "The event of a gateway names no notice that it came by."
                checked.findings.append(_finding(says, checked.order, effect))
            else:
                effects[effect.claim.digest] = effect
        for notice in kept:
            effect_of_it = effects.pop(notice.digest, None)
            for says in self._differences(order, notice, effect_of_it):
                checked.findings.append(_finding(says, checked.order, effect_of_it))
        for digest, effect in effects.items():
            self.notices.unkept.append(
                Unkept(
                    digest=digest,
                    order=checked.order,
                    version=effect.version,
                    position=effect.position,
                )
            )

    def _differences(
        self, order: Order, notice: KeptNotice, effect: _Effect | None
    ) -> Iterator[str]:
        """How a notice and the event that it brought about differ."""
        name = f"The notice {notice.id}"
        said = _read(notice)
        if said is None or notice.digest != notice_digest(notice.system, notice.id):
            yield f"{name} was changed: its bytes, its type or its id are not those that came."
        elif notice.state == NoticeState.PENDING:
            self.notices.pending += 1  # its order may act on it at this moment
        elif notice.state == NoticeState.ACTED:
            self.notices.acted += 1
            yield from _acted(name, notice, said, effect)
        elif notice.state == NoticeState.IGNORED:
            self.notices.ignored += 1
            if effect is not None:
                yield f"{name} was ignored by what is kept of it, and an event names it."
            elif not _is_known(order, said, _refund_in(notice)):
                yield f"{name} says {said.type} and was ignored, and the order knows nothing of it."
        else:
            yield f"{name} names the order, and is kept as one of nobody."

    def left_over(self) -> Iterator[Finding]:
        """Findings for notices of orders that are not in the log."""
        for order, kept in self._kept.items():
            for notice in kept:
                if notice.state == NoticeState.PENDING:
                    self.notices.pending += 1
                    continue
                says = f"The notice {notice.id} names an order that is not in the log."
                yield Finding(Kind.NOTICE, says, order)


def _finding(says: str, order: str, effect: _Effect | None) -> Finding:
    if effect is None:
        return Finding(Kind.NOTICE, says, order)
    return Finding(Kind.NOTICE, says, order, effect.version, effect.position)


def _acted(name: str, notice: KeptNotice, said: Said, effect: _Effect | None) -> Iterator[str]:
    if effect is None or effect.claim is None:
        yield f"{name} was acted on by what is kept of it, and no event of the order names it."
    elif hashlib.sha256(notice.body).digest() != effect.claim.fingerprint:
        yield f"{name} was changed: its bytes are not those that this event came by."
    elif len(effect.said) > 1:
        yield f"{name} was acted on more than once."
    elif effect.said != [said]:
        yield f"{name} says something else than the event that it brought about."


# What events say.


def _effects(checked: Checked) -> Iterator[_Effect]:
    """What each notice brought about: events of one request, the last of which names its key."""
    claim: Idempotency | None = None
    request: object = None
    found: _Effect | None = None
    for event, position in zip(reversed(checked.events), reversed(checked.positions), strict=True):
        asked = event.request, event.at, event.actor
        if event.idempotency is not None or asked != request:
            if found is not None:
                yield found
            claim, request, found = event.idempotency, asked, None
        said = _said_by(event)
        if said is not None:
            earlier = [] if found is None else found.said
            found = _Effect(claim, [said, *earlier], event.originator_version, position)
    if found is not None:
        yield found


def _said_by(event: Event) -> Said | None:
    """What an event says that only a gateway's notice brings about."""
    match event:
        case RefundFailed() | RefundPaid() if not event.system:
            return None  # the vendor said so
        case RefundFailed():
            return Said(NOT_PAID_BACK, event.system, event.payment, Decimal(0), "")
        case PaymentStarted() | PaymentFailed() | PaymentReceived() | RefundPaid():
            kind = _TYPES[type(event)]
        case DisputeChanged():
            kind = f"{DISPUTE}{event.state.value}"
        case _:
            return None
    return Said(kind, event.system, event.payment, event.amount, event.currency)


_TYPES = MappingProxyType(
    {
        PaymentStarted: STARTED,
        PaymentFailed: FAILED,
        PaymentReceived: RECEIVED,
        RefundPaid: PAID_BACK,
    }
)


# What notices say: read a second time here, apart from the service.


class _Data(msgspec.Struct, frozen=True):
    payment: str
    amount: Decimal
    currency: str
    refund: str | None = None


class _Body(msgspec.Struct, frozen=True):
    type: str
    data: _Data


_decode = msgspec.json.Decoder(_Body).decode


def _read(notice: KeptNotice) -> Said | None:
    """What a notice says; None for bytes that say nothing, or of another type than is kept."""
    try:
        body = _decode(notice.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if body.type != notice.type:
        return None
    if body.type == NOT_PAID_BACK:
        return Said(body.type, notice.system, body.data.payment, Decimal(0), "")
    data = body.data
    return Said(body.type, notice.system, data.payment, data.amount, data.currency)


def _refund_in(notice: KeptNotice) -> str | None:
    return _decode(notice.body).data.refund


def _is_known(order: Order, said: Said, refund: str | None) -> bool:
    """Whether the order knows as much as a notice says: what it knows of a payment only rises."""
    if said.type == NOT_PAID_BACK:
        return True  # ignored wherever no money is due
    if order.money is None:
        return False
    if said.type == PAID_BACK:
        refunds = (order.money.refunds.get(each or "") for each in (refund, said.payment))
        return any(each is not None and each.status is RefundStatus.PAID for each in refunds)
    payment = order.money.payments.get(payment_key(said.system, said.payment))
    known = _KNOWN.get(said.type)
    return payment is not None and known is not None and known(payment)


_KNOWN: MappingProxyType[str, Callable[[GatewayPayment], bool]] = MappingProxyType(
    {
        STARTED: lambda _: True,
        FAILED: lambda payment: not rises(PaymentState.FAILED, payment.state),
        RECEIVED: lambda payment: not rises(PaymentState.RECEIVED, payment.state),
        "dispute.opened": lambda payment: not rises(DisputeState.OPENED, payment.dispute),
        "dispute.won": lambda payment: not rises(DisputeState.WON, payment.dispute),
        "dispute.lost": lambda payment: not rises(DisputeState.LOST, payment.dispute),
    }
)


def unkept_findings(store: Store, unkept: Sequence[Unkept]) -> Iterator[Finding]:
    """Findings for events whose notices are still not there, when they are looked for again."""
    for each in unkept:
        if not any(kept.digest == each.digest for kept in store.notices().of_order(each.order)):
            says = "The notice that brought about this event is not kept."
            yield Finding(Kind.NOTICE, says, each.order, each.version, each.position)
