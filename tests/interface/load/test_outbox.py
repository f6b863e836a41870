"""The drill's outbox: what is in it is sent until it is answered, whoever is killed meanwhile."""

import threading
import time
from decimal import Decimal

import pytest

from application.integrity.payment_proof import SentNotice
from interface.load.outbox import AGAIN_SECONDS, Letter, Outbox, Tried

NOW, LATER = 0.0, 1e12
LETTERS = 1500


def letter(name, *due):
    notice = SentNotice(
        id=name,
        system="9" * 24,
        buyer="b" * 40,
        type="payment.succeeded",
        payment="gw-1",
        amount=Decimal("1.10"),
        currency="RUB",
        body=b"\x00\n{}",
    )
    return Letter(notice, due)


@pytest.fixture
def outbox(tmp_path):
    return Outbox(tmp_path)


def ids(deliveries):
    return [each.notice.id for each in deliveries]


def ids_of(notices):
    return [each.id for each in notices]


def test_what_is_due_is_given_once_and_what_is_taken_is_known(outbox):
    outbox.put([letter("one", NOW, NOW), letter("late", LATER)])
    due = outbox.due(10)
    assert ids(due) == ["one", "one"]
    assert due[0].notice == letter("one").notice
    assert outbox.due(10) == []
    outbox.note([Tried(due[0].id, 200), Tried(due[1].id, 401)])
    assert (outbox.waiting, outbox.tries) == (1, 2)
    assert ids_of(outbox.sent()) == ["one"]
    assert outbox.refused() == ["notice one was answered with 401"]


def test_a_sender_that_starts_anew_sends_what_has_no_answer(outbox, tmp_path):
    outbox.put([letter("taken", NOW), letter("lost", NOW)])
    taken, lost = Outbox(tmp_path).due(10)
    outbox.note([Tried(taken.id, 200)])
    assert Outbox(tmp_path).due(10) == [lost]
    assert outbox.waiting == 1


def test_a_line_that_was_cut_short_does_not_count(outbox, tmp_path):
    outbox.put([letter("one", NOW), letter("two", NOW)])
    one, two = outbox.due(10)
    with (tmp_path / "tried").open("ab") as file:
        file.write(b'{"delivery":%d,"sta' % one.id)
    sender = Outbox(tmp_path)
    assert ids(sender.due(10)) == ["one", "two"]
    sender.note([Tried(two.id, 200)])
    assert (outbox.waiting, ids_of(outbox.sent())) == (1, ["two"])


def test_what_could_not_be_sent_is_due_again_later(outbox, monkeypatch):
    outbox.put([letter("one", NOW)])
    [one] = outbox.due(10)
    outbox.note([Tried(one.id, None)])
    assert outbox.due(10) == []
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 2 * AGAIN_SECONDS)
    assert outbox.due(10) == [one]


def test_who_looks_while_others_send_knows_every_notice(outbox, tmp_path):
    def send():
        other = Outbox(tmp_path)
        for number in range(LETTERS):
            other.put([letter(str(number), NOW)])
            other.note([Tried(number, 200)])

    thread = threading.Thread(target=send)
    thread.start()
    while thread.is_alive():
        outbox.look()
    assert (outbox.waiting, outbox.answered, outbox.tries) == (0, LETTERS, LETTERS)
    assert ids_of(outbox.sent()) == [str(number) for number in range(LETTERS)]
