"""Two servers on one database get notices, and requests about refunds, at the same moment."""

from contextlib import ExitStack, closing
from itertools import count

import pytest
from databases import STORES, a_database
from paying import (
    REFUNDS,
    asked,
    at_one_moment,
    being_paid,
    history,
    kept_as,
    look,
    money,
    paid_by_gateway,
    sell_by_gateway,
    tell,
    told,
)

from application.bootstrap import open_store
from application.ports.gateway_notices import NoticeState

ROUNDS = 40
_keys = count(1)


class Pair:
    """Two server processes on one database, and a look into it from outside."""

    def __init__(self, url, folder, stack):
        sell_by_gateway(url)
        self.store = stack.enter_context(closing(open_store(url)))
        self.servers = [
            stack.enter_context(paid_by_gateway(url, folder / f"log-{number}"))
            for number in range(2)
        ]
        self.first = self.servers[0]

    def at_once(self, *requests):
        """Each request to a server of its own, in turn, at the same moment."""
        asks = [(self.servers[place % 2], each) for place, each in enumerate(requests)]
        return at_one_moment(*asks)

    def told_at_once(self, *notices):
        answers = self.at_once(*notices)
        assert {each.status for each in answers} == {200}, answers
        return sorted(each.body["status"] for each in answers)

    def state(self, notice_id):
        return kept_as(self.store, notice_id).state


@pytest.fixture(scope="module", params=STORES)
def pair(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    with ExitStack() as stack:
        url = stack.enter_context(a_database(request.param, request, folder))
        yield Pair(url, folder, stack)


def done(pair, tickets=2):
    order = being_paid(pair.first, tickets)
    assert tell(pair.first, order, amount=f"{tickets}00.00") == "kept"
    return order


def test_the_same_notice_counts_once(pair):
    for number in range(ROUNDS):
        order = being_paid(pair.first)
        same = told(order, notice_id=f"same-{number}")
        assert pair.told_at_once(same, same) == ["kept", "repeated"]
        assert look(pair.first, order)["status"] == "done"
        assert history(pair.first, order).count("PaymentReceived") == 1
        assert pair.state(f"same-{number}") is NoticeState.ACTED


def test_the_same_notice_of_a_stranger_is_kept_once(pair):
    for number in range(ROUNDS // 4):
        order = being_paid(pair.first)
        stranger = {"payment": {"redirect_url": "customer=" + "f" * 40}}
        same = told(stranger, notice_id=f"stranger-{number}")
        assert pair.told_at_once(same, same) == ["kept", "repeated"]
        assert look(pair.first, order)["status"] == "in_progress"
    assert len(pair.store.notices().unknown(None, 100)) == ROUNDS // 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("payment.started", "gw-1", "100.00"), ("payment.succeeded", "gw-1", "100.00")),
        (("payment.failed", "gw-1", "100.00"), ("payment.succeeded", "gw-1", "100.00")),
        (("payment.succeeded", "gw-1", "60.01"), ("payment.succeeded", "gw-2", "39.99")),
        (("payment.succeeded", "gw-1", "100.00"), ("payment.succeeded", "gw-2", "100.00")),
        (("dispute.lost", "gw-1", "100.00"), ("payment.succeeded", "gw-1", "100.00")),
    ],
)
def test_two_notices_of_one_order_both_count(pair, one, other):
    came = [each[2] for each in (one, other) if each[0] == "payment.succeeded"]
    for _ in range(ROUNDS // 10):
        order = being_paid(pair.first)
        notices = [
            told(order, kind, payment=name, amount=much) for kind, name, much in (one, other)
        ]
        assert pair.told_at_once(*notices) == ["kept", "kept"]
        assert look(pair.first, order)["status"] == "done"
        assert history(pair.first, order).count("PaymentReceived") == len(came)
        now = money(pair.first, order)
        assert float(now["received"]) == sum(map(float, came))
        lost = "dispute.lost" in {one[0], other[0]}
        assert (now["earned"], now["charged_back"]) == (
            ("0.00", "100.00") if lost else ("100.00", "0.00")
        )


def asks_back(order, **more):
    wanted = {"order": order["id"], "culprit": "org", "tickets_refund": order["tickets"][:1]}
    return asked("POST", REFUNDS, wanted, **more)


def test_a_refund_asked_for_twice_is_one(pair):
    for _ in range(ROUNDS // 4):
        order = done(pair)
        answers = pair.at_once(asks_back(order), asks_back(order))
        refused, made = sorted(answers, key=lambda each: each.status == 201)
        assert (made.status, refused.status in {400, 409}) == (201, True), refused.content
        assert history(pair.first, order).count("RefundRequested") == 1


def test_a_refund_asked_for_twice_by_one_key_has_one_answer(pair):
    for _ in range(ROUNDS // 4):
        order, key = done(pair), f"refund-{next(_keys)}"
        once = asks_back(order, Idempotency_Key=key)
        answers = pair.at_once(once, once)
        assert [each.status for each in answers] == [201, 201]
        assert answers[0].body == answers[1].body
        assert history(pair.first, order).count("RefundRequested") == 1


def refund_of(pair, order):
    [made] = pair.at_once(asks_back(order))
    assert made.status == 201
    return f"{REFUNDS}/{made.body['id']}"


def test_a_refund_approved_by_two_is_approved_once(pair):
    for _ in range(ROUNDS // 4):
        order = done(pair)
        approval = asked("PATCH", refund_of(pair, order), {"status": "approved"})
        answers = pair.at_once(approval, approval)
        assert [each.status for each in answers] == [201, 201]
        assert [each.body["status"] for each in answers] == ["approved", "approved"]
        assert history(pair.first, order).count("RefundApproved") == 1
        now = money(pair.first, order)
        assert (now["earned"], now["due_back"], now["waiting"]) == ("100.00", "100.00", "0.00")


def test_of_an_approval_and_a_rejection_one_counts(pair):
    for _ in range(ROUNDS // 4):
        order = done(pair)
        path = refund_of(pair, order)
        answers = pair.at_once(
            asked("PATCH", path, {"status": "approved"}),
            asked("PATCH", path, {"status": "rejected"}),
        )
        statuses = sorted(each.status for each in answers)
        assert statuses in ([201, 400], [201, 409]), [each.content for each in answers]
        names = history(pair.first, order)
        assert names.count("RefundApproved") + names.count("RefundRejected") == 1


def test_money_that_the_gateway_and_the_vendor_pay_back_is_paid_once(pair):
    for _ in range(ROUNDS // 4):
        order = done(pair)
        path = refund_of(pair, order)
        pair.at_once(asked("PATCH", path, {"status": "approved"}))
        by_gateway = told(order, "refund.succeeded", refund=path.rpartition("/")[2])
        answers = pair.at_once(by_gateway, asked("PATCH", path, {"paid": True}))
        assert [each.status for each in answers] == [200, 201]
        assert history(pair.first, order).count("RefundPaid") == 1
        now = money(pair.first, order)
        assert (now["refunded"], now["due_back"], now["waiting"]) == ("100.00", "0.00", "0.00")
