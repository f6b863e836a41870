"""Notices that their order could not decide about are tried again, and hold up no others."""

import json

import pytest
from gateway import CARD_ID, notice, sent, signed, token_of
from paying import kept_as

from application.payments import gateway_service
from application.ports.gateway_notices import NoticeState
from domain.status import Status


def broken_down(*_, **__):
    raise RuntimeError("cannot decide")


@pytest.fixture
def pending(paying, clock, monkeypatch):
    """Takes a notice whose order cannot decide now."""

    def take(order, notice_id, token=None):
        body = sent(notice(token=token or token_of(order)))
        with monkeypatch.context() as broken:
            broken.setattr(gateway_service, "decide_notice", broken_down)
            headers = signed(body, clock(), notice_id)
            assert not paying.services.gateways.take(CARD_ID, headers, body, "notice").repeated
        assert kept_as(paying.services.store, notice_id).state is NoticeState.PENDING

    return take


def test_one_whose_buyer_is_not_known_after_all_waits_for_a_person(paying, pending):
    order = paying.order(paying.venue.a[0])
    pending(order, "evt_1", token=token_of(order)[:-1] + "!")
    paying.services.gateways.retry_pending()
    notices = paying.services.store.notices()
    assert notices.pending(10) == []
    [one] = notices.unknown(None, 10)
    assert (one.notice, one.order) == ("evt_1", None)
    assert paying.now(order).status is Status.IN_PROGRESS


def test_those_that_stay_undecided_hold_up_no_others(paying, pending, monkeypatch, clock):
    monkeypatch.setattr(gateway_service, "RETRIED_AT_ONCE", 2)
    orders = [paying.order(each) for each in paying.venue.a[:5]]
    for number, order in enumerate(orders):
        pending(order, f"evt_{number}")
        clock.forward(seconds=1)
    stuck = [each.id for each in orders[:4]]
    decide = gateway_service.decide_notice

    def sometimes(order, *more, **named):
        return broken_down() if order.id in stuck else decide(order, *more, **named)

    monkeypatch.setattr(gateway_service, "decide_notice", sometimes)
    for _ in range(3):
        paying.services.gateways.retry_pending()
    assert paying.now(orders[4]).status is Status.DONE
    stuck.clear()
    for _ in range(3):
        paying.services.gateways.retry_pending()
    assert {paying.now(each).status for each in orders} == {Status.DONE}
    assert paying.services.store.notices().pending(10) == []


def test_one_of_a_payment_system_that_was_removed_is_acted_on(paying, pending):
    order = paying.order(paying.venue.a[0])
    pending(order, "evt_1")
    with paying.services.store.change_catalog() as change:
        for kind in ("payment_system", "gateway"):
            change.remove(kind, CARD_ID)
    paying.services.catalog._look_again = 0.0
    assert CARD_ID not in paying.services.catalog.current().systems
    paying.services.gateways.retry_pending()
    assert paying.now(order).status is Status.DONE


def test_one_that_only_a_later_version_can_read_is_left(paying, pending, clock):
    order, other = (paying.order(each) for each in paying.venue.a[:2])
    pending(order, "evt_1")
    notices = paying.services.store.notices()
    [kept] = notices.pending(10)
    later = json.dumps({**notice(token=token_of(order)), "type": "payment.blessed"}).encode()
    assert notices.keep(gateway_service.replace(kept, digest=b"\0" * 32, body=later))
    pending(other, "evt_2")
    paying.services.gateways.retry_pending()
    assert {paying.now(each).status for each in (order, other)} == {Status.DONE}
    assert [each.digest for each in notices.pending(10)] == [b"\0" * 32]
