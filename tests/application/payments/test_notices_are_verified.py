"""`audit verify` compares kept notices with the events of their orders, both ways."""

import pytest
from gateway import CARD_ID, sent, signed
from gateway import notice as notice_of

from application.integrity.findings import Kind
from application.integrity.verification import verify
from application.integrity.workers import here

ACTED = "evt_paid"
IGNORED = "evt_failed"


@pytest.fixture
def verified(paying):
    """What a verification finds about notices: the sentences, each with its order."""

    def run():
        store = paying.services.store
        report = verify(store, here(store), lambda *_: None)
        assert {each.kind for each in report.findings} <= {Kind.NOTICE}
        return [(each.order, each.says) for each in report.findings], report.notices

    return run


@pytest.fixture
def order(paying):
    """An order that is paid by a notice; a later one said nothing new."""
    order = paying.order(paying.venue.a[0])
    paying.tell(order, notice_id=ACTED)
    paying.tell(order, "payment.failed", notice_id=IGNORED)
    return order.id


def test_notices_of_every_kind_are_proven_and_counted(paying, clock, verified):
    order = paying.order(paying.venue.a[0])
    for kind in ("started", "failed", "succeeded", "failed"):
        paying.tell(order, f"payment.{kind}")
    for state in ("opened", "lost", "won"):
        paying.tell(order, f"dispute.{state}")
    for _ in range(2):
        paying.tell(order, "refund.succeeded", amount="5.00")
    paying.tell(order, "refund.failed", refund="a" * 24)
    late = paying.order(paying.venue.a[1])
    paying.cancel(late)
    paying.tell(late)
    body = sent(notice_of(token="f" * 40))
    paying.services.gateways.take(CARD_ID, signed(body, clock()), body, "notice")
    findings, count = verified()
    assert findings == []
    assert (count.acted, count.ignored, count.pending, count.of_nobody) == (7, 4, 0, 1)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        (ACTED, "state = 'ignored'", "was ignored by what is kept of it, and an event names it"),
        (IGNORED, "state = 'acted'", "was acted on by what is kept of it, and no event"),
        (IGNORED, "notice = 'evt_x'", "was changed: its bytes, its type or its id"),
        (ACTED, "type = 'payment.failed'", "was changed: its bytes, its type or its id"),
        (ACTED, "state = 'unknown_buyer'", "names the order, and is kept as one of nobody"),
    ],
)
def test_a_notice_that_was_changed_names_its_order(order, verified, tampering, name, change, says):
    tampering.run(f"UPDATE gateway_notices SET {change} WHERE notice = ?", name)
    [(whose, found)], _ = verified()
    assert whose == order
    assert says in found


def test_the_bytes_of_a_notice_are_proven_by_its_event(order, verified, tampering):
    [(body,)] = tampering.run("SELECT body FROM gateway_notices WHERE notice = ?", ACTED)
    dearer = bytes(body).replace(b"100.00", b"900.00")
    tampering.run("UPDATE gateway_notices SET body = ? WHERE notice = ?", dearer, ACTED)
    [(whose, says)], _ = verified()
    assert whose == order
    assert "its bytes are not those that this event came by" in says


def test_money_that_was_ignored_without_an_event_is_found(order, verified, tampering):
    [(body,)] = tampering.run("SELECT body FROM gateway_notices WHERE notice = ?", IGNORED)
    other = bytes(body).replace(b"payment.failed", b"payment.succeeded").replace(b"gw-1", b"gw-2")
    tampering.run(
        "UPDATE gateway_notices SET body = ?, type = 'payment.succeeded' WHERE notice = ?",
        other,
        IGNORED,
    )
    [(whose, says)], _ = verified()
    assert whose == order
    assert "payment.succeeded and was ignored, and the order knows nothing of it" in says


def test_an_event_whose_notice_is_not_kept_is_found(order, verified, tampering):
    tampering.run("DELETE FROM gateway_notices WHERE notice = ?", ACTED)
    assert verified()[0] == [(order, "The notice that brought about this event is not kept.")]


def test_a_notice_of_an_order_that_is_not_there_is_found(order, verified, tampering):
    nobody = "0" * 24
    tampering.run("UPDATE gateway_notices SET order_id = ? WHERE notice = ?", nobody, IGNORED)
    [(whose, says)], _ = verified()
    assert whose == nobody
    assert "names an order that is not in the log" in says
