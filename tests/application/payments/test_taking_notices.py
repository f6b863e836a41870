"""Notices are kept once, whatever comes of them, on both stores."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from copies import copy_over
from gateway import CARD_ID, NAME, SECRET, notice, notices_about, sent, signed, token_of

from application.bootstrap import open_store
from application.orders.service import OrderService
from application.payments.schemes.protocol import SignatureRefused
from application.payments.secrets import SecretUnreadable
from application.ports.admin_trail import Deed
from application.ports.gateway_notices import NoticeState
from domain.order_money import Attention, attention_of, balance_of
from domain.status import Status


def kept(paying, order):
    return notices_about(paying.services.store, order)


def test_a_notice_is_kept_with_what_the_order_records(paying, clock):
    order = paying.order(paying.venue.a[0])
    paying.tell(order, notice_id="evt_1")
    [one] = kept(paying, order)
    assert (one.notice, one.system, one.type) == ("evt_1", CARD_ID, "payment.succeeded")
    assert (one.state, one.came_at, one.order) == (NoticeState.ACTED, clock(), order.id)
    assert one.body == sent(notice(token=token_of(order)))
    assert paying.services.store.notices().find(one.digest) == one
    paying.tell(order, "payment.failed", notice_id="evt_2")
    assert {each.state for each in kept(paying, order)} == {NoticeState.ACTED, NoticeState.IGNORED}


@pytest.mark.parametrize("kinds", [("failed", "started", "succeeded"), ("succeeded", "failed")])
def test_notices_of_a_payment_come_in_any_order(paying, kinds):
    order = paying.order(paying.venue.a[0])
    for kind in kinds:
        assert paying.tell(order, f"payment.{kind}") == "kept"
    assert paying.now(order).status is Status.DONE


def test_what_a_person_has_to_look_at_is_said(paying):
    order = paying.order(paying.venue.a[0])
    paying.tell(order, amount="99.99")
    assert attention_of(paying.now(order)) == [Attention.UNDERPAID]
    paying.tell(order, amount="100.01", payment="gw-2")
    now = paying.now(order)
    assert (now.status, attention_of(now)) == (Status.DONE, [Attention.PAID_TWICE])
    paying.tell(order, amount="5.00", payment="gw-3", currency="EUR")
    assert Attention.OTHER_CURRENCY in attention_of(paying.now(order))
    assert balance_of(now).attention == balance_of(now).received - balance_of(now).earned


def test_money_is_due_in_the_show_s_currency_whatever_was_begun(paying):
    order = paying.order(paying.venue.a[0])
    paying.tell(order, "payment.started", currency="EUR", payment="gw-0")
    paying.tell(order)
    now = paying.now(order)
    assert (now.status, now.money.currency, attention_of(now)) == (Status.DONE, "RUB", [])


def test_a_dispute_takes_the_barcodes_out_of_force(paying):
    order = paying.order(paying.venue.a[0])
    paying.tell(order)
    paying.tell(order, "dispute.opened")
    assert paying.now(order).valid_barcodes == {}
    paying.tell(order, "dispute.won")
    assert paying.now(order).valid_barcodes
    tickets = paying.services.store.tickets(paying.venue.evening)
    assert {each.order for each in tickets if each.id == paying.venue.a[0]} == {order.id}


def test_two_processes_get_the_same_notice_at_once(paying, open_services):
    others = [paying.services, open_services()]
    for round_ in range(5):
        order = paying.order(paying.venue.a[round_])
        with ThreadPoolExecutor(4) as threads:
            notes = [
                threads.submit(paying.tell, order, notice_id=f"evt_{round_}", services=each)
                for each in others * 2
            ]
        assert sorted(each.result() for each in notes) == ["kept", *["repeated"] * 3]
        assert paying.names(order).count("PaymentReceived") == 1
        assert [each.state for each in kept(paying, order)] == [NoticeState.ACTED]


def test_an_order_that_cannot_decide_leaves_a_notice_that_is_tried_again(paying, monkeypatch):
    order = paying.order(paying.venue.a[0])
    with monkeypatch.context() as broken:
        broken.setattr(OrderService, "answer", broken_down)
        assert paying.tell(order, notice_id="evt_1") == "kept"
        assert paying.tell(order, notice_id="evt_1") == "repeated"
    assert [each.state for each in kept(paying, order)] == [NoticeState.PENDING]
    paying.services.gateways.retry_pending()
    assert paying.now(order).status is Status.DONE
    assert [each.state for each in kept(paying, order)] == [NoticeState.ACTED]
    assert paying.services.store.notices().pending(10) == []
    assert paying.tell(order, notice_id="evt_1") == "repeated"


def broken_down(*_, **__):
    raise RuntimeError("cannot decide")


def test_a_person_resolves_a_notice_of_an_unknown_buyer_once(paying, clock):
    store = paying.services.store
    body = sent(notice(token="f" * 40))
    paying.services.gateways.take(CARD_ID, signed(body, clock()), body, "notice")
    [one] = store.notices().unknown(None, 10)
    assert store.notices().unknown((one.came_at, one.digest), 10) == []
    assert store.notices().resolve(one.digest, Deed(clock(), "person:ann", "resolve", b"{}"))
    assert not store.notices().resolve(one.digest, Deed(clock(), "person:bob", "resolve", b"{}"))
    assert store.notices().unknown(None, 10) == []
    assert store.notices().find(one.digest).resolved_by == "person:ann"
    deeds = [each.deed for each in store.admin_trail().entries()]
    assert [each.actor for each in deeds if each.action == "resolve"] == ["person:ann"]


def test_a_secret_of_a_file_is_read_again_when_it_changes(paying, tmp_path):
    path = tmp_path / "secret"
    secrets = [f"file:{path}"]
    paying.load({"notifications": {"scheme": "standard-webhooks", "secrets": secrets}})
    order = paying.order(paying.venue.a[0])
    with pytest.raises(SecretUnreadable):
        paying.tell(order)
    path.write_text("whsec_" + "A" * 32)
    with pytest.raises(SignatureRefused):
        paying.tell(order)
    path.write_text(SECRET + "\n")
    assert paying.tell(order) == "kept"


def test_no_secret_is_in_a_log_or_in_the_database(paying, caplog, monkeypatch, clock):
    order = paying.order(paying.venue.a[0])
    paying.tell(order)
    monkeypatch.setenv(NAME, "whsec_bad!secret")
    with pytest.raises(SecretUnreadable):
        paying.tell(order, notice_id="other")
    monkeypatch.delenv(NAME)
    paying.services.gateways.report_unreadable()
    assert "gateway_secret_unreadable" in caplog.text
    assert NAME in caplog.text
    assert "bad!secret" not in caplog.text
    assert SECRET not in caplog.text
    documents = b"".join(paying.services.store.catalog().values())
    assert SECRET.encode() not in documents
    assert NAME.encode() in documents


def test_an_old_notice_is_refused_however_good_it_is(paying, clock):
    order = paying.order(paying.venue.a[0])
    body = sent(notice(token=token_of(order)))
    headers = signed(body, clock() - timedelta(minutes=6))
    with pytest.raises(SignatureRefused):
        paying.services.gateways.take(CARD_ID, headers, body, "notice")
    assert kept(paying, order) == []


def test_a_copy_has_the_notices(paying, address, tmp_path, server, clock):
    order = paying.order(paying.venue.a[0])
    paying.tell(order, notice_id="evt_1")
    body = sent(notice(token="f" * 40))
    paying.services.gateways.take(CARD_ID, signed(body, clock(), "evt_2"), body, "notice")
    records = paying.services.store.notices()
    before = kept(paying, order), records.unknown(None, 10)
    with server.database() as postgres:
        target = postgres if address.startswith("sqlite") else f"sqlite:///{tmp_path}/copy.db"
        copy_over(address, target)
        with closing(open_store(target)) as store:
            copied = store.notices()
            assert (notices_about(store, order), copied.unknown(None, 10)) == before
