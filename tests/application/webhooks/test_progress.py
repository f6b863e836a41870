"""Where a webhook stands, through random lives with crashes: nothing skipped, nothing twice."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from application.feed.thin_event import FeedEvent
from application.webhooks.delivery.progress import MOST_FAILURES, MOST_WAITING, Progress
from application.webhooks.delivery.retries import (
    FEWEST_TRIES,
    PAUSES,
    is_given_up,
    pause_after,
    wait_till,
)
from application.webhooks.delivery.shard_moves import row_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def event(position, order):
    return FeedEvent(
        position=position,
        order=order,
        number=1,
        version=1,
        show="s",
        status="in_progress",
        type="orderlog.order.OrderCreated",
        at=NOW,
        org="o",
        vendor="v",
    )


class Life:
    """A webhook whose worker may crash at any moment, with the rows that survive it."""

    def __init__(self, seed, orders=6, events=60):
        self.random = random.Random(seed)
        self.log = [event(n + 1, f"{self.random.randrange(orders)}") for n in range(events)]
        self.position, self.rows = 0, {}
        self.received, self.committed = [], set()
        self.now = 0.0
        self.begin()

    def begin(self):
        self.progress = Progress(self.position)
        self.busy, self.since = [], set()
        for row in self.rows.values():
            self.progress.resume(row, self.now)

    def read(self):
        for each in self.log[self.progress.read_to : self.progress.read_to + 5]:
            self.progress.offer(each)
            self.progress.read_to = each.position

    def take(self):
        lane = self.progress.take(self.now)
        if lane is None:
            return
        if not lane.loaded:
            own = [each for each in self.log if each.order == lane.order]
            self.progress.load(lane, own, self.progress.read_to)
        if not self.progress.drop_if_empty(lane):
            self.busy.append(lane)

    def answer(self, fails=0.3):
        if not self.busy:
            return
        lane = self.busy.pop(self.random.randrange(len(self.busy)))
        if self.random.random() < fails:
            self.progress.fail(lane, "answered_500", NOW, 1.0, self.now)
            return
        position = lane.events[0].position
        assert position not in self.committed
        self.received.append((lane.order, position))
        self.since.add(position)
        self.progress.confirm(lane, self.now)

    def commit(self, *, works=True):
        snapshot = self.progress.snapshot()
        assert snapshot.position >= self.position
        if not works:
            self.progress.not_stored(snapshot)
            return
        for lane in snapshot.written:
            self.rows[lane.order] = row_of("w", lane, NOW)
        for lane in snapshot.freed:
            assert (lane.order in self.rows) == lane.stored
            self.rows.pop(lane.order, None)
        self.position = snapshot.position
        self.committed |= self.since
        self.progress.stored(snapshot)

    def step(self):
        self.now += 0.4
        self.random.choice([self.read, self.take, self.take, self.answer, self.commit])()
        if self.random.random() < 0.05:
            self.commit(works=False)
        if self.random.random() < 0.02:
            self.begin()

    def finish(self):
        for _ in range(2000):
            self.now += 2.0
            self.read()
            self.take()
            self.answer(fails=0.0)
        self.commit()


@pytest.mark.parametrize("seed", range(60))
def test_every_event_arrives_in_order_and_what_was_stored_never_again(seed):
    life = Life(seed)
    for _ in range(400):
        life.step()
    life.finish()
    assert life.position == len(life.log)
    assert life.rows == {}
    assert not life.progress.lanes
    assert not life.progress.pending
    assert not life.progress.in_flight
    assert {position for _, position in life.received} == {each.position for each in life.log}
    for order in {each.order for each in life.log}:
        first = list(dict.fromkeys(p for own, p in life.received if own == order))
        assert first == sorted(first)


def taken(progress, now=0.0):
    found = []
    while lane := progress.take(now):
        found.append(lane)
    return found


def test_an_order_has_one_message_under_way_and_others_go_on():
    progress = Progress(0)
    for position, order in enumerate("aabac", 1):
        progress.offer(event(position, order))
    assert [each.order for each in taken(progress)] == ["a", "b", "c"]


def test_an_order_that_failed_waits_alone():
    progress = Progress(0)
    for position, order in enumerate("aba", 1):
        progress.offer(event(position, order))
    a, b = taken(progress)
    progress.fail(a, "timeout", NOW, 30.0, 0.0)
    progress.confirm(b, 0.0)
    progress.read_to = 3
    assert progress.next_due() == 30.0
    assert taken(progress, 29.0) == []
    assert taken(progress, 30.0) == [a]
    assert progress.snapshot().position == 3
    assert a.next_try_at == NOW + timedelta(seconds=30)


def test_a_receiver_that_is_down_is_tried_with_one_at_a_time():
    progress = Progress(0)
    for position in range(1, 101):
        progress.offer(event(position, f"{position}"))
    for _ in range(MOST_FAILURES):
        progress.fail(progress.take(0.0), "timeout", NOW, 5.0, 0.0)
    assert taken(progress, 4.0) == []
    [probe] = taken(progress, 5.0)
    progress.confirm(probe, 5.0)
    assert len(taken(progress, 5.0)) > 90


def test_only_so_many_orders_wait_at_once():
    progress = Progress(0)
    for position in range(1, 1001):
        progress.offer(event(position, f"{position}"))
    for number in range(1000):
        lane = progress.take(0.0)
        if lane is None:
            break
        progress.failures = 0
        if number % 2:
            progress.confirm(lane, 0.0)
        else:
            progress.fail(lane, "answered_500", NOW, 60.0, 0.0)
    assert progress.waiting == MOST_WAITING


def test_going_back_sends_all_from_there_again_and_what_was_left():
    progress = Progress(0)
    for position, order in enumerate("abab", 1):
        progress.offer(event(position, order))
    progress.read_to = 4
    a, b = taken(progress)
    progress.fail(a, "timeout", NOW, 60.0, 0.0)
    progress.confirm(b, 0.0)
    progress.confirm(progress.take(0.0), 0.0)
    progress.stored(progress.snapshot())
    back = progress.gone_back_to(3)
    assert back.read_to == 3
    [lane] = taken(back)
    assert (lane.order, lane.confirmed, lane.loaded) == ("a", 0, False)


def test_pauses_grow_and_the_receivers_own_are_kept():
    waits = [pause_after(tries, 0.0) for tries in range(1, 15)]
    assert waits == [*PAUSES, *PAUSES[-1:] * 5]
    assert pause_after(1, 1.0) == PAUSES[0] * 1.2
    assert pause_after(9, 0.5, 120.0) == 120.0
    assert pause_after(1, 0.0, 0.0) == PAUSES[0]
    assert pause_after(1, 0.0, 1e9) == 86_400.0


def test_a_clock_that_jumps_neither_gives_up_early_nor_waits_for_ever():
    years = timedelta(days=3650)
    assert not is_given_up(FEWEST_TRIES - 1, NOW, NOW + years)
    assert not is_given_up(50, NOW, NOW + timedelta(days=2))
    assert is_given_up(FEWEST_TRIES, NOW, NOW + timedelta(days=3))
    assert wait_till(NOW + years, NOW) == 86_400.0
    assert wait_till(NOW - years, NOW) == 0.0
