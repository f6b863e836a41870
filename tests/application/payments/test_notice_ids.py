"""A gateway's id of a notice counts once for ever, whatever comes under it, on both stores."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from gateway import CARD_ID, notice, notices_about, sent, signed, token_of
from paying import kept_as

from application.payments import gateway_service
from application.payments.notice_decisions import UnknownBuyer
from application.ports.admin_trail import Deed
from application.ports.gateway_notices import NoticeState
from domain.status import Status

STRANGER = "f" * 40


class Ids:
    """Sends notices under one id, and looks at what is kept under it."""

    def __init__(self, paying, monkeypatch, tampering):
        self._paying, self._monkeypatch, self._tampering = paying, monkeypatch, tampering
        self.notices = paying.services.store.notices()

    def send(self, token, services=None):
        body = sent(notice(token=token))
        headers = signed(body, self._paying.clock(), "evt_1")
        taken = (services or self._paying.services).gateways.take(CARD_ID, headers, body, "notice")
        return "repeated" if taken.repeated else "kept"

    def send_before_it_is_known(self, order, error=UnknownBuyer):
        def fails(*_, **__):
            raise error

        with self._monkeypatch.context() as broken:
            broken.setattr(gateway_service, "decide_notice", fails)
            return self.send(token_of(order))

    @property
    def kept(self):
        rows = self._tampering.run("SELECT count(*) FROM gateway_notices WHERE notice = 'evt_1'")
        assert rows[0][0] == 1
        return kept_as(self._paying.services.store, "evt_1")


@pytest.fixture
def ids(paying, monkeypatch, tampering):
    return Ids(paying, monkeypatch, tampering)


@pytest.fixture
def order(paying):
    return paying.order(paying.venue.a[0])


def test_a_strangers_id_is_not_acted_on_with_another_body(paying, ids, order, caplog):
    assert ids.send(STRANGER) == "kept"
    assert ids.send(token_of(order)) == "repeated"
    assert paying.now(order).status is Status.IN_PROGRESS
    assert notices_about(paying.services.store, order) == []
    assert (ids.kept.state, ids.kept.body) == (
        NoticeState.UNKNOWN_BUYER,
        sent(notice(token=STRANGER)),
    )
    assert "gateway_notice_differs" in caplog.text


def test_an_id_that_was_acted_on_is_not_kept_for_a_stranger(paying, ids, order):
    assert ids.send(token_of(order)) == "kept"
    assert ids.send(STRANGER) == "repeated"
    assert ids.notices.unknown(None, 10) == []
    assert (ids.kept.state, ids.kept.order) == (NoticeState.ACTED, order.id)


def test_an_id_that_was_ignored_is_not_used_again(paying, ids, order):
    paying.tell(order, notice_id="evt_0")
    paying.tell(order, "payment.failed", notice_id="evt_1")
    assert ids.send(token_of(order)) == "repeated"
    assert ids.send(STRANGER) == "repeated"
    assert (ids.kept.state, ids.kept.type) == (NoticeState.IGNORED, "payment.failed")


def test_one_whose_buyer_becomes_known_is_acted_on_and_is_repeated(paying, ids, order, clock):
    assert ids.send_before_it_is_known(order) == "kept"
    came_at = clock()
    clock.forward(seconds=5)
    assert ids.send(token_of(order)) == "repeated"
    assert paying.now(order).status is Status.DONE
    assert (ids.kept.state, ids.kept.order) == (NoticeState.ACTED, order.id)
    assert ids.kept.came_at == came_at
    assert ids.notices.unknown(None, 10) == []


def test_one_that_a_person_has_resolved_is_never_acted_on(paying, ids, order, clock):
    assert ids.send_before_it_is_known(order) == "kept"
    assert ids.notices.resolve(ids.kept.digest, Deed(clock(), "person:ann", "resolve", b"{}"))
    assert ids.send(token_of(order)) == "repeated"
    assert paying.now(order).status is Status.IN_PROGRESS
    assert (ids.kept.state, ids.kept.resolved_by) == (NoticeState.UNKNOWN_BUYER, "person:ann")


@pytest.mark.parametrize("whose", ["another order", "a stranger"])
def test_one_that_is_pending_is_not_replaced(paying, ids, order, whose):
    other = paying.order(paying.venue.a[1])
    assert ids.send_before_it_is_known(order, RuntimeError("cannot decide")) == "kept"
    assert ids.send(token_of(other) if whose == "another order" else STRANGER) == "repeated"
    assert (ids.kept.state, ids.kept.order) == (NoticeState.PENDING, order.id)
    paying.services.gateways.retry_pending()
    assert paying.now(order).status is Status.DONE
    assert paying.now(other).status is Status.IN_PROGRESS
    assert (ids.kept.state, ids.kept.order) == (NoticeState.ACTED, order.id)


def test_one_that_is_pending_is_acted_on_when_it_comes_again_and_is_repeated(paying, ids, order):
    assert ids.send_before_it_is_known(order, RuntimeError("cannot decide")) == "kept"
    assert ids.send(token_of(order)) == "repeated"
    assert paying.now(order).status is Status.DONE
    assert ids.notices.pending(10) == []
    assert ids.send(token_of(order)) == "repeated"
    assert paying.names(order).count("PaymentReceived") == 1


def test_two_bodies_under_one_id_at_once_are_one_notice(paying, ids, open_services, tampering):
    other = open_services()
    for number in range(5):
        order = paying.order(paying.venue.a[number])
        with ThreadPoolExecutor(2) as threads:
            answers = [
                threads.submit(ids.send, token_of(order)),
                threads.submit(ids.send, STRANGER, other),
            ]
        assert sorted(each.result() for each in answers) == ["kept", "repeated"]
        acted = paying.now(order).status is Status.DONE
        assert ids.kept.state is (NoticeState.ACTED if acted else NoticeState.UNKNOWN_BUYER)
        tampering.run("DELETE FROM gateway_notices")
        tampering.run("DELETE FROM requests")
