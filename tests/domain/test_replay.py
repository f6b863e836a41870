"""Whatever is asked of an order, its stored events tell the same order again."""

from contextlib import suppress
from itertools import pairwise

import order_commands as asks
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from order_case import reread
from order_states import (
    A1,
    BALCONY,
    BASE,
    CASH,
    GATEWAY,
    HALL,
    PARTERRE,
    a_canceled_order,
    a_mixed_order,
    a_paid_order,
    after,
    an_empty_order,
    an_executed_order,
    an_expired_order,
    an_order_about_to_be_paid,
    an_order_in_payment,
)

from domain.commands import BestAvailable, TicketsById
from domain.events import StatusChanged
from domain.order import Order
from domain.pricing import worth
from domain.refusals import Refusal
from domain.status import MOVES, Status

seats = st.lists(st.sampled_from(sorted(HALL)), unique=True).map(tuple)
ticket_commands = st.builds(TicketsById, seats) | st.builds(
    BestAvailable,
    st.dictionaries(st.sampled_from([PARTERRE, BALCONY]), st.integers(1, 4), min_size=1),
)
vacant = seats.map(lambda ids: {seat: HALL[seat] for seat in ids})
moments = st.integers(0, 25).map(after)
names = st.sampled_from(["Анна", "O'Hara", '"', "\u2028"])
urls = st.sampled_from(["https://shop.example/a", "https://shop.example/b"])
commands = st.one_of(
    st.builds(
        asks.tickets_are_requested,
        ticket_commands,
        vacant=vacant,
        at=moments,
        all_or_nothing=st.booleans(),
    ),
    st.builds(asks.the_buyer_says, moments, email=names, last_name=names),
    st.builds(
        asks.payment_is_chosen, st.sampled_from([BASE, CASH, GATEWAY]), at=moments, success_url=urls
    ),
    st.builds(asks.the_order_moves_to, st.sampled_from(Status), moments),
    st.builds(asks.the_sweeper_comes, moments),
)


@st.composite
def lives(draw):
    """An order, and whether each thing asked of it was granted or not, it lived on."""
    order = asks.an_order_is_made(draw(ticket_commands), vacant=draw(vacant))(Order())
    for ask in draw(st.lists(commands, max_size=12)):
        with suppress(Refusal):
            ask(order)
    return order


@settings(max_examples=200, deadline=None)
@given(lives())
def test_the_stored_events_tell_the_order_again(order):
    events = order.collect_events()
    assert Order.replay(map(reread, events)) == order
    assert [each.originator_version for each in events] == list(range(1, len(events) + 1))
    assert all(before.at <= later.at for before, later in pairwise(events))


@settings(max_examples=100, deadline=None)
@given(lives())
def test_at_every_step_of_its_life_an_order_is_one_that_can_be(order):
    sofar = Order()
    for each in order.pending:
        before = sofar.status
        sofar.apply(each)
        if isinstance(each, StatusChanged):
            assert sofar.status in MOVES[before]
        assert sofar.worth == worth(sofar.prices[HALL[ticket]] for ticket in sofar.tickets)
        assert (sofar.engaged is not None) >= (sofar.status in {Status.IN_PROGRESS, Status.DONE})
        assert bool(sofar.barcodes) is (sofar.status is Status.DONE)
        assert sofar.tickets or sofar.engaged is None


@pytest.mark.parametrize(
    "timeline",
    [
        an_empty_order,
        an_executed_order,
        a_mixed_order,
        an_order_about_to_be_paid,
        an_order_in_payment,
        a_paid_order,
        a_canceled_order,
        an_expired_order,
    ],
)
def test_every_state_is_told_again_by_its_stored_events(timeline):
    order = Order.replay(timeline())
    assert order.version == len(timeline())
    assert Order.replay(map(reread, timeline())) == order


def test_an_order_hands_its_new_events_over_once():
    order = asks.an_order_is_made(TicketsById((A1,)))(Order())
    assert len(order.collect_events()) == 1
    assert order.collect_events() == []


def test_replaying_a_timeline_records_nothing():
    assert Order.replay(a_paid_order()).pending == []
