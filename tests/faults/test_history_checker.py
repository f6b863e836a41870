"""A real history of a sale is found to be linearizable; each falsified copy of it is found not to.

`true_calls` were recorded by buyers of a real server, among them calls that got no answer.
"""

import pytest
from msgspec.structs import replace

from application.settings import Settings
from interface.load import history as kinds
from interface.load.caretaker import throw_away_folder
from interface.load.history import GONE, Call, Seen, by_order
from interface.load.linearizability import GivenUp, check, search
from interface.load.order_model import after_order_call
from interface.load.rush import Plan, checked, last_reads, opened, put_on_sale, rush

pytestmark = pytest.mark.experiment


@pytest.fixture(scope="module")
def true_calls(tmp_path_factory):
    """All calls of a small sale with a kill in the middle, and the last reads of the log."""
    path = tmp_path_factory.mktemp("sale") / "sale.db"
    settings = Settings(database=f"sqlite:///{path}")
    plan = Plan(tickets=5000, buyers=6, seconds=5, kill=True, check=True)
    key = put_on_sale(settings, plan.tickets)
    with throw_away_folder("checker-") as caretaker:
        buyers = rush(settings, plan, key, lambda *_: None, caretaker).buyers
    with opened(settings) as services:
        assert checked(services, buyers, lambda *_: None).linearizable
        calls = [call for buyer in buyers for call in buyer.calls]
        calls += last_reads(services, calls)
    assert len(calls) > 100
    return calls


def found(calls):
    return check(calls, lambda _: None).bad


def put(calls, old, new):
    return [new if call is old else call for call in calls]


def one(calls, kind, **seen):
    """A call of this kind that was answered."""
    idempotency_record = (call for call in calls if call.kind == kind and call.end and call.seen)
    return next(
        call
        for call in idempotency_record
        if all(getattr(call.seen, name) == value for name, value in seen.items())
    )


def last_read(calls, order):
    return [call for call in calls if call.order == order and call.kind == kinds.READ][-1]


def test_a_true_history_is_linearizable(true_calls):
    assert found(true_calls) == []


def test_reads_and_rivals_are_part_of_it(true_calls):
    reads = [call for call in true_calls if call.kind == kinds.READ and call.buyer >= 0]
    buyers = {
        order: {call.buyer for call in calls} for order, calls in by_order(true_calls).items()
    }
    assert len(reads) > 5
    assert any(len(each - {-1}) > 1 for each in buyers.values())


def test_a_lost_update_is_found(true_calls):
    done = one(true_calls, kinds.FINISH)
    read = last_read(true_calls, done.order)
    before = replace(read.seen, status=kinds.IN_PROGRESS, version=done.seen.version - 1)
    [said] = found(put(true_calls, read, replace(read, seen=before)))
    assert done.order in said
    assert "not linearizable" in said


def test_an_order_that_vanishes_is_found(true_calls):
    read = last_read(true_calls, one(true_calls, kinds.CREATE).order)
    assert any(
        read.order in said for said in found(put(true_calls, read, replace(read, seen=GONE)))
    )


def test_a_stale_read_is_found(true_calls):
    """It shows what the order was before a change whose answer had come before it was asked."""
    paid = one(true_calls, kinds.PAY)
    stale = replace(paid.seen, version=paid.seen.version - 1)
    read = Call(kinds.READ, paid.order, paid.end + 1, paid.end + 2, stale)
    assert len(found([*true_calls, read])) == 1


def test_a_read_beside_a_change_may_show_either(true_calls):
    paid = one(true_calls, kinds.PAY, version=2)
    old = replace(paid.seen, version=1)
    read = Call(kinds.READ, paid.order, paid.start + 1, paid.end + 1, old)
    assert found([*true_calls, read]) == []


def test_a_double_sale_is_found(true_calls):
    """Each of the two orders is right for itself; their ticket is not."""
    one_order, other = [
        order
        for order, calls in by_order(true_calls).items()
        if any(call.kind == kinds.FINISH and call.seen for call in calls)
    ][:2]
    stolen = next(call.seen.tickets[0] for call in true_calls if call.order == one_order)
    calls = [
        replace(call, seen=replace(call.seen, tickets=(stolen, *call.seen.tickets[1:])))
        if call.order == other and call.seen
        else call
        for call in true_calls
    ]
    [said] = found(calls)
    assert said.startswith(f"ticket {stolen}")
    assert one_order in said
    assert other in said


def test_a_ticket_that_is_sold_again_while_it_is_held_and_freed_later_is_found(true_calls):
    ticket = ("t",)
    first = Call(kinds.CREATE, "a", 1, 2, Seen("executed", 1, ticket))
    second = Call(kinds.CREATE, "b", 3, 4, Seen("executed", 1, ticket))
    freed = Call(kinds.CANCEL, "a", 5, 6)
    assert len(found([*true_calls, first, second, freed])) == 1
    meanwhile = replace(freed, start=2)
    assert found([*true_calls, first, second, meanwhile]) == []


def test_answers_in_another_order_are_found(true_calls):
    first = one(true_calls, kinds.PAY, version=2)
    second = next(
        call for call in true_calls if call.order == first.order and call.kind == kinds.START
    )
    calls = put(true_calls, first, replace(first, seen=second.seen))
    assert len(found(put(calls, second, replace(second, seen=first.seen)))) == 1


def test_what_was_done_twice_is_found(true_calls):
    done = one(true_calls, kinds.FINISH)
    read = last_read(true_calls, done.order)
    twice = replace(read.seen, version=read.seen.version + 1)
    assert len(found(put(true_calls, read, replace(read, seen=twice)))) == 1


def test_a_refusal_without_a_reason_is_found(true_calls):
    paid = one(true_calls, kinds.PAY, version=2)
    made = next(c for c in true_calls if c.order == paid.order and c.kind == kinds.CREATE)
    refused = Call(kinds.PAY, paid.order, made.end + 1, made.end + 2, refused=True)
    assert len(found([*true_calls, refused])) == 1


@pytest.mark.parametrize("done", [True, False])
def test_a_call_without_an_answer_may_have_been_carried_out_or_not(done):
    made = Call(kinds.CREATE, "a", 1, 2, Seen("executed", 1, ("t",)))
    paid = Call(kinds.PAY, "a", 3, None)
    seen = Seen("executed", 2 if done else 1, ("t",))
    assert found([made, paid, Call(kinds.READ, "a", 5, 6, seen)]) == []


def test_a_call_without_an_answer_is_not_undone():
    made = Call(kinds.CREATE, "a", 1, 2, Seen("executed", 1, ("t",)))
    paid = Call(kinds.PAY, "a", 3, None)
    shown = Call(kinds.READ, "a", 5, 6, Seen("executed", 2, ("t",)))
    again = Call(kinds.READ, "a", 7, 8, Seen("executed", 1, ("t",)))
    assert len(found([made, paid, shown, again])) == 1


def test_a_hold_may_end_when_its_time_has_come_and_not_before():
    made = Call(kinds.CREATE, "a", 1, 2, Seen("executed", 1, ("t",), 10 * kinds.SLACK_NS))
    late = 20 * kinds.SLACK_NS
    gone = Seen("expired", 1, ("t",))
    recorded = Call(kinds.READ, "a", late + 2, late + 3, replace(gone, version=2))
    assert found([made, Call(kinds.READ, "a", late, late + 1, gone), recorded]) == []
    assert found([made, Call(kinds.READ, "a", 5, 6, gone)])


def test_a_search_that_was_given_up_is_never_called_good():
    made = Call(kinds.CREATE, "a", 1, 2, Seen("executed", 1, ("t",)))
    reads = [Call(kinds.READ, "a", 3, 50 + n, Seen("executed", 1, ("t",))) for n in range(20)]
    wrong = Call(kinds.READ, "a", 3, 99, Seen("done", 9, ("t",)))
    with pytest.raises(GivenUp):
        search([made, *reads, wrong], after_order_call, 1000)
    result = check([made, *reads, wrong], lambda _: None, 1000)
    assert not result.linearizable
    assert (len(result.given_up), result.bad) == (1, [])


def test_a_history_of_many_buyers_of_one_order_is_searched_whole():
    """Forty calls at once that all succeed in one order of the forty factorial."""
    made = Call(kinds.CREATE, "a", 0, 1, Seen("executed", 1, ("t",)))
    pays = [Call(kinds.PAY, "a", 2, 100 - n, Seen("executed", 2, ("t",))) for n in range(40)]
    assert search([made, *pays], after_order_call) is None
