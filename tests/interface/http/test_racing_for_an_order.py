"""Two writers of one order: the later is decided again on the new state."""

import pytest
from at_once import overtaken
from catalogue import BASE
from seller import refused


@pytest.fixture
def ready(seller, house):
    """An order that only has to be paid."""
    return seller.order(tickets=house.a[:2], payment={"system": BASE})


def test_who_comes_before_a_change_and_is_refused_by_it_is_in_conflict(seller, ready, clock):
    first, second = overtaken(
        clock,
        lambda: seller.patch(ready, status="canceled"),
        lambda: seller.patch(ready, status="in_progress"),
    )
    assert first.status_code == 200
    problem = refused(second, 409, "changed_meanwhile")
    assert problem["current"] == {"version": 3, "status": "canceled", "allowed": []}
    assert "canceled" in problem["detail"]


def test_who_comes_after_the_change_is_told_plainly(seller, ready):
    seller.change(ready, status="canceled")
    refused(seller.patch(ready, status="in_progress"), 400, "move_not_allowed")
