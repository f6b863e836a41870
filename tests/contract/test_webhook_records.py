"""Webhooks as both stores keep them: endpoints, leases, where each stands, and the tries."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from application.ports.admin_trail import Deed
from application.ports.log_point import LogPoint
from application.ports.webhooks import (
    SHARDS,
    Attempt,
    Lane,
    Moves,
    Progress,
    Resend,
    Webhook,
    WebhookState,
    shard_of,
)
from application.runtime.ids import new_id
from application.storage.shared.webhook_rows import COLUMNS, row_of_webhook

AT = datetime(2030, 6, 1, 12, tzinfo=UTC)
DEED = Deed(AT, "operator", "webhook.added", b"{}")
END = LogPoint("log", 7, b"\x00\xff")
SHARD = 3
LONG, SHORT = 60.0, 0.05
FIRST, SECOND = "a" * 23 + "3", "b" * 23 + "3"
WEBHOOK = Webhook(id=FIRST, partner="p", address="https://shop.example/news", created_at=AT)
FULL = replace(
    WEBHOOK,
    id=SECOND,
    types=("orderlog.order.Created", "orderlog.order.StatusChanged"),
    shows=("e" * 24,),
    state=WebhookState.PAUSED,
    reason="by_person",
    generations=(2, 3),
    asymmetric=True,
    revision=4,
    request=b"\x00" * 32,
    fingerprint=b"\xff",
)
LANE = Lane(
    webhook=FIRST,
    order="order",
    position=5,
    tries=2,
    first_failed_at=AT,
    next_try_at=AT + timedelta(seconds=30),
    reason="timeout",
)
TRY = Attempt(
    webhook=FIRST,
    position=6,
    order="order",
    at=AT,
    status=200,
    reason="",
    seconds=0.25,
    head="ok \u20ac",
)
FAILED = replace(TRY, status=0, reason="timeout", head="", try_number=2, again=True)


@pytest.fixture
def records(store):
    records = store.webhooks()
    assert records.add(WEBHOOK, 5, END, 50, DEED)
    return records


@pytest.fixture
def leased(records):
    assert records.lease([SHARD], "first", LONG)
    return records


def deeds(store):
    return [each.deed for each in store.admin_trail().entries()]


def without_id(attempts):
    return [replace(each, id=0) for each in attempts]


def test_an_endpoint_is_found_as_it_was_added(store, records):
    assert records.add(FULL, 0, END, 50, DEED)
    assert records.all() == records.page("p", "", 9) == [WEBHOOK, FULL]
    assert records.page("q", "", 9) == []
    assert [records.find(each) for each in (FIRST, SECOND, "c" * 24)] == [WEBHOOK, FULL, None]
    assert records.find_request(FULL.request) == FULL
    assert records.find_request(b"other") is records.find_request(b"") is None
    assert deeds(store) == [DEED, DEED]


def test_they_are_read_page_by_page_narrowed_to_a_partner_and_a_state(records):
    other = replace(WEBHOOK, id="c" * 24, partner="q")
    assert records.add(FULL, 0, END, 50, DEED)
    assert records.add(other, 0, END, 50, DEED)
    assert records.page(None, "", 2) == [WEBHOOK, FULL]
    assert records.page(None, SECOND, 2) == [other]
    assert records.page("p", FIRST, 9) == [FULL]
    assert records.page(None, "", 9, WebhookState.ACTIVE) == [WEBHOOK, other]
    assert records.page("p", "", 9, WebhookState.PAUSED) == [FULL]


def test_no_more_are_added_than_a_partner_may_have(store, records):
    version = records.version()
    assert not records.add(replace(WEBHOOK, id=SECOND), 0, END, 1, DEED)
    assert records.all() == [WEBHOOK]
    assert deeds(store) == [DEED]
    assert records.add(replace(WEBHOOK, id=SECOND, partner="q"), 0, END, 1, DEED)
    assert records.version() > version


def test_a_request_adds_one(records):
    assert records.add(FULL, 0, END, 50, DEED)
    assert not records.add(replace(FULL, id="c" * 24), 0, END, 50, DEED)
    assert records.all() == [WEBHOOK, FULL]


def test_a_change_needs_the_revision_before_it(store, records):
    changed = replace(FULL, id=FIRST, revision=2, request=b"", fingerprint=b"")
    version = records.version()
    assert records.change(changed, DEED)
    assert records.version() > version
    assert records.find(FIRST) == changed
    assert not records.change(replace(WEBHOOK, revision=2), DEED)
    assert records.find(FIRST) == changed
    assert deeds(store) == [DEED, DEED]


def test_one_that_is_removed_leaves_nothing_that_waits(store, leased):
    moves = Moves(endpoints={FIRST: 6}, lanes=[LANE], attempts=[TRY])
    assert leased.commit(SHARD, "first", moves)
    assert leased.send_again([Resend(FIRST, 2)], 9, DEED)
    assert not leased.remove(FIRST, 2, DEED)
    version = leased.version()
    assert leased.remove(FIRST, 1, DEED)
    assert leased.version() > version
    assert leased.all() == leased.lanes(SHARD) == leased.resends(SHARD, 9) == []
    assert leased.positions(SHARD) == {}
    assert len(deeds(store)) == 3
    assert leased.commit(SHARD, "first", replace(moves, states={FIRST: (WebhookState.OFF, "gone")}))
    assert leased.positions(SHARD) == {}
    assert leased.lanes(SHARD) == leased.all() == []


def test_a_new_endpoint_stands_where_it_was_said_to(records):
    assert records.positions(SHARD) == {FIRST: 5}
    assert records.shards()[SHARD].point == END
    assert records.progress([WEBHOOK]) == {FIRST: Progress(5)}
    assert records.add(FULL, 1, LogPoint("log", 99, b""), 50, DEED)
    assert records.shards()[SHARD].point == END
    assert records.positions(SHARD) == {FIRST: 5, SECOND: 1}


def test_ids_are_spread_over_all_shards():
    assert {shard_of(new_id(AT)) for _ in range(SHARDS)} == set(range(SHARDS))


def test_a_shard_is_left_to_the_first_who_asks(records):
    assert records.lease([SHARD], "first", LONG)[SHARD].owner == "first"
    assert records.lease([SHARD], "second", LONG) == {}
    assert records.lease([SHARD], "first", LONG)[SHARD].point == END
    records.release("second")
    assert records.shards()[SHARD].owner == "first"
    records.release("first")
    assert records.lease([SHARD], "second", LONG)
    assert records.lease([SHARD], "first", LONG) == {}


def test_shards_without_endpoints_are_nobodys(records):
    assert list(records.lease(range(SHARDS), "first", LONG)) == [SHARD]


def test_another_has_a_shard_once_the_first_has_not_asked_again(records):
    assert records.lease([SHARD], "first", SHORT)
    deadline = time.monotonic() + 60
    while not records.lease([SHARD], "second", LONG):
        assert time.monotonic() < deadline
    assert records.lease([SHARD], "first", LONG) == {}
    assert not records.commit(SHARD, "first", Moves(point=LogPoint("log", 9, b"")))
    assert records.shards()[SHARD].point == END


def test_a_lease_taken_while_another_waited_to_take_it_is_kept(records):
    assert records.lease([SHARD], "first", LONG + 1)  # so it ends later than the other's would
    assert records.lease([SHARD], "second", LONG) == {}
    assert records.shards()[SHARD].owner == "first"


def test_a_clock_that_was_wrong_does_not_keep_a_shard_for_ever(records):
    records.lease([SHARD], "wrong", 10 * LONG)
    assert records.lease([SHARD], "right", LONG)


def test_a_commit_moves_all_or_nothing(leased):
    assert leased.add(FULL, 0, END, 50, DEED)
    point = LogPoint("log", 9, b"h")
    moves = Moves(point=point, endpoints={FIRST: None, SECOND: 4}, lanes=[LANE], attempts=[TRY])
    assert not leased.commit(SHARD, "second", moves)
    assert leased.positions(SHARD) == {FIRST: 5, SECOND: 0}
    assert leased.lanes(SHARD) == leased.attempts(FIRST, 9) == []
    assert leased.commit(SHARD, "first", moves)
    assert leased.shards()[SHARD].point == point
    assert leased.positions(SHARD) == {SECOND: 4}
    assert leased.lanes(SHARD) == leased.lanes_of(FIRST, 9) == [LANE]
    assert without_id(leased.attempts(FIRST, 9)) == [TRY]
    assert leased.progress([WEBHOOK, FULL]) == {FIRST: Progress(9, 1, AT), SECOND: Progress(4)}


def test_a_shard_may_stand_before_the_first_event(leased):
    begin = LogPoint("log", 0, b"")
    assert leased.commit(SHARD, "first", Moves(point=begin))
    assert leased.shards()[SHARD].point == begin


def test_lanes_move_on_and_are_freed(leased):
    other = replace(LANE, order="other", next_try_at=AT)
    assert leased.commit(SHARD, "first", Moves(lanes=[LANE, other]))
    assert leased.lanes(SHARD) == [other, LANE]
    moved = replace(LANE, position=8, tries=3, reason="status_500", next_try_at=AT)
    assert leased.commit(SHARD, "first", Moves(lanes=[moved], freed=[(FIRST, "other")]))
    assert leased.lanes(SHARD) == [moved]
    assert leased.shards()[SHARD].point == END


def test_a_worker_changes_only_states_of_active_endpoints(leased):
    assert leased.add(FULL, 0, END, 50, DEED)
    version = leased.version()
    states = dict.fromkeys((FIRST, SECOND), (WebhookState.OFF, "gone"))
    assert leased.commit(SHARD, "first", Moves(states=states))
    assert leased.version() > version
    off = replace(WEBHOOK, state=WebhookState.OFF, reason="gone", revision=2)
    assert leased.all() == [off, FULL]


def test_requests_to_send_again_wait_until_a_commit_takes_them(store, leased):
    wanted = [Resend(FIRST, 2), Resend(FIRST, 4, onwards=True)]
    assert leased.send_again(wanted, 2, DEED)
    assert not leased.send_again([Resend(FIRST, 3)], 2, DEED)
    assert leased.resends(SHARD, 9) == wanted
    assert leased.resends(SHARD, 1) == wanted[:1]
    assert len(deeds(store)) == 2
    assert leased.commit(SHARD, "first", Moves(resent=wanted[:1]))
    assert leased.resends(SHARD, 9) == wanted[1:]
    assert leased.send_again(wanted, 3, DEED)
    assert leased.resends(SHARD, 9) == wanted


def test_the_log_of_deliveries_is_read_from_its_end(leased):
    other = replace(TRY, webhook=SECOND)
    assert leased.commit(SHARD, "first", Moves(attempts=[TRY, FAILED, other]))
    leased.note(replace(TRY, position=0))
    found = leased.attempts(FIRST, 9)
    assert without_id(found) == [replace(TRY, position=0), FAILED, TRY]
    assert leased.attempts(FIRST, 1, before=found[0].id) == found[1:2]
    assert leased.attempts(FIRST, 9, position=6) == found[1:]
    assert leased.attempts(FIRST, 9, failed=True) == found[1:2]
    last = leased.last_attempts([FIRST, SECOND, "c" * 24])
    assert last == {FIRST: found[0], SECOND: leased.attempts(SECOND, 1)[0]}


def test_old_tries_are_removed_a_few_at_a_time(leased):
    young = replace(TRY, at=AT + timedelta(days=1))
    assert leased.commit(SHARD, "first", Moves(attempts=[TRY, TRY, FAILED, young]))
    assert leased.prune(young.at, 2) == 2
    assert leased.prune(young.at, 2) == 1
    assert leased.prune(young.at, 2) == 0
    assert without_id(leased.attempts(FIRST, 9)) == [young]


def test_an_answer_may_have_any_characters(leased):
    assert leased.commit(SHARD, "first", Moves(attempts=[replace(TRY, head="a\0b")]))
    assert leased.attempts(FIRST, 1)[0].head == "ab"


def test_two_processes_see_the_same(open_store):
    mine, theirs = open_store().webhooks(), open_store().webhooks()
    assert mine.add(WEBHOOK, 5, END, 50, DEED)
    assert theirs.all() == [WEBHOOK]
    assert theirs.lease([SHARD], "theirs", LONG)
    assert mine.lease([SHARD], "mine", LONG) == {}


MANY = 10_000
QUICK = 20.0
"""Seconds: a hundred times what it takes; one by one they would take longer."""


def test_ten_thousand_endpoints_are_read_at_once(store):
    records = store.webhooks()
    with store._database.acknowledged() as session:
        rows = [replace(FULL, id=new_id(AT), request=b"") for _ in range(MANY)]
        loaded = [(shard_of(each.id), *row_of_webhook(each)) for each in rows]
        session.load("webhooks", f"shard, {COLUMNS}", loaded)
        session.load(
            "webhook_positions",
            "shard, webhook, position",
            [(shard_of(each.id), each.id, 1) for each in rows],
        )
        session.load(
            "webhook_shards",
            "shard, position, log, hash",
            [(shard, 1, "log", b"") for shard in range(SHARDS)],
        )
    began = time.monotonic()
    assert len(records.all()) == MANY
    assert len(records.lease(range(SHARDS), "mine", LONG)) == SHARDS
    assert sum(len(records.positions(shard)) for shard in range(SHARDS)) == MANY
    assert time.monotonic() - began < QUICK
