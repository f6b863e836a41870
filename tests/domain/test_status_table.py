"""Every pair of statuses, generated from the one table of moves."""

import pytest
from order_case import given
from order_commands import the_order_moves_to
from order_states import (
    NOW,
    a_canceled_order,
    a_paid_order,
    an_expired_order,
    an_order_about_to_be_paid,
    an_order_in_payment,
)

from domain.refusals import MoveNotAllowed, StatusOfTheSystem
from domain.status import HELD, LET_GO, MOVES, SYSTEM_ONLY, Status, next_statuses

HISTORIES = {
    Status.EXECUTED: an_order_about_to_be_paid,
    Status.IN_PROGRESS: an_order_in_payment,
    Status.DONE: a_paid_order,
    Status.CANCELED: a_canceled_order,
    Status.EXPIRED: an_expired_order,
}
PAIRS = [(before, wanted) for before in Status for wanted in Status if before is not wanted]
MOVED = [pair for pair in PAIRS if pair[1] in MOVES[pair[0]] - SYSTEM_ONLY]
REFUSED = [pair for pair in PAIRS if pair not in MOVED and pair[1] not in SYSTEM_ONLY]


def test_every_pair_of_statuses_is_looked_at_once():
    system = [(before, wanted) for before, wanted in PAIRS if wanted in SYSTEM_ONLY]
    assert len(PAIRS) == 20
    assert sorted([*MOVED, *REFUSED, *system]) == sorted(PAIRS)


def test_the_table_is_the_documented_one():
    """Said once more by hand, so that a slip in the table does not prove itself."""
    assert {status.value: {each.value for each in MOVES[status]} for status in Status} == {
        "executed": {"in_progress", "canceled", "expired"},
        "in_progress": {"done", "canceled", "expired"},
        "done": set(),
        "canceled": set(),
        "expired": set(),
    }


@pytest.mark.parametrize(("before", "wanted"), MOVED)
def test_a_move_of_the_table_is_made(before, wanted):
    case = given(HISTORIES[before]()).when(the_order_moves_to(wanted))
    assert case.refusal is None
    moved = case.order.pending
    assert [each.status for each in moved] == [wanted]
    assert case.then(*moved).status_at(NOW) is wanted


@pytest.mark.parametrize(("before", "wanted"), REFUSED)
def test_a_move_that_is_not_in_the_table_is_refused(before, wanted):
    (
        given(HISTORIES[before]())
        .when(the_order_moves_to(wanted))
        .then_refused(MoveNotAllowed, status=before, wanted=wanted)
    )


@pytest.mark.parametrize("status", Status)
def test_moving_to_where_the_order_already_is_is_nothing_new(status):
    given(HISTORIES[status]()).when(the_order_moves_to(status)).then_nothing()


@pytest.mark.parametrize("before", [each for each in Status if each is not Status.EXPIRED])
def test_expired_is_never_a_clients_to_set(before):
    (
        given(HISTORIES[before]())
        .when(the_order_moves_to(Status.EXPIRED))
        .then_refused(StatusOfTheSystem, wanted=Status.EXPIRED)
    )


@pytest.mark.parametrize("status", Status)
def test_a_client_is_told_the_moves_it_may_ask_for(status):
    told = next_statuses(status)
    assert set(told) == MOVES[status] - {Status.EXPIRED}
    assert told == [each for each in Status if each in told]


def test_a_hold_is_of_the_statuses_that_time_can_end():
    assert {status for status in Status if Status.EXPIRED in MOVES[status]} == HELD


def test_what_has_let_its_tickets_go_never_moves_again():
    assert sorted(LET_GO) == [Status.CANCELED, Status.EXPIRED]
    assert not any(MOVES[status] for status in LET_GO)
