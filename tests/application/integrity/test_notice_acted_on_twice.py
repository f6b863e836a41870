"""A notice that two events of an order name was acted on more than once."""

import hashlib
from decimal import Decimal

from msgspec.structs import replace
from order_case import numbered
from order_states import ORDER, an_order_in_payment, event

from application.event_log.idempotency import notice_digest
from application.integrity.chain_check import Checked
from application.integrity.notice_check import NoticeCheck
from application.ports.gateway_notices import KeptNotice, NoticeState
from domain.events import Idempotency, PaymentReceived
from domain.order import Order

BODY = (
    b'{"type": "payment.succeeded",'
    b' "data": {"payment": "gw-1", "amount": "10.00", "currency": "RUB"}}'
)
NOTICE = KeptNotice(
    order=ORDER,
    digest=notice_digest("gate", "evt_1"),
    system="gate",
    id="evt_1",
    type="payment.succeeded",
    body=BODY,
    state=NoticeState.ACTED,
)


def findings(times):
    money = event(
        PaymentReceived,
        system="gate",
        payment="gw-1",
        amount=Decimal("10.00"),
        currency="RUB",
        due_in="RUB",
    )
    claim = Idempotency(digest=NOTICE.digest, fingerprint=hashlib.sha256(BODY).digest())
    received = [*[money] * (times - 1), replace(money, idempotency=claim)]
    events = numbered([*an_order_in_payment(), *received])
    checked = Checked(
        order=ORDER, rows=(), events=events, positions=list(range(1, len(events) + 1))
    )
    NoticeCheck([NOTICE]).order(Order.replay(events), checked)
    return [each.says for each in checked.findings]


def test_a_notice_that_was_acted_on_more_than_once_is_found():
    assert findings(1) == []
    assert findings(2) == ["The notice evt_1 was acted on more than once."]
