"""Who may sell whose shows, and how many tickets."""

import pytest

from domain.commands import BestAvailable, TicketsById
from domain.refusals import DealEnded, NoDeal, TooManyTickets, TooManyTicketsHeld
from domain.sale_terms import Deal, Elsewhere, SaleLimits, SaleTerms, terms_between

DEAL = Deal(id="deal-1", org="theatre", vendor="agency")
DEALS = {("theatre", "agency"): DEAL}
TWO = SaleTerms(limits=SaleLimits(tickets_per_order=2, tickets_held=5))


def tickets(*names):
    return dict.fromkeys(names, "set")


def test_an_organiser_sells_its_own_shows_without_a_deal_and_without_limits():
    assert terms_between(DEALS, "theatre", "theatre") == SaleTerms()


def test_a_vendor_sells_by_its_deal_which_the_order_then_names():
    terms = terms_between(DEALS, "theatre", "agency")
    assert (terms.deal, terms.closed) == ("deal-1", None)
    assert terms.limits == SaleLimits(tickets_per_order=50, tickets_held=1000)


def test_a_deal_that_says_one_limit_has_the_usual_other():
    deal = Deal(id="deal-1", org="theatre", vendor="agency", limits=SaleLimits(tickets_per_order=4))
    terms = terms_between({("theatre", "agency"): deal}, "theatre", "agency")
    assert terms.limits == SaleLimits(tickets_per_order=4, tickets_held=1000)


@pytest.mark.parametrize(
    ("org", "vendor"), [("theatre", "stranger"), ("agency", "theatre"), ("circus", "agency")]
)
def test_without_a_deal_nobody_sells_the_shows_of_another(org, vendor):
    with pytest.raises(NoDeal) as refused:
        terms_between(DEALS, org, vendor).refuse_new()
    assert refused.value.about == {"org": org, "vendor": vendor}


def test_a_sale_that_is_closed_takes_no_ticket_and_lets_go_of_any():
    closed = SaleTerms(closed=DealEnded(deal="deal-1"))
    with pytest.raises(DealEnded):
        closed.refuse_new()
    with pytest.raises(DealEnded):
        closed.refuse_more(tickets("a", "b"), tickets("c"), Elsewhere())
    closed.refuse_more(tickets("a", "b"), tickets("a"), Elsewhere())
    closed.refuse_more(tickets("a", "b"), tickets("a", "b"), Elsewhere())


@pytest.mark.parametrize("command", [TicketsById(("a", "b", "c")), BestAvailable({"x": 2, "y": 1})])
def test_an_order_asks_for_no_more_tickets_than_it_may_have(command):
    with pytest.raises(TooManyTickets) as refused:
        TWO.refuse_size(command, tickets("a"))
    assert refused.value.about == {"most": 2}


def test_an_order_from_before_the_limit_keeps_its_tickets():
    TWO.refuse_size(TicketsById(("a", "b", "c")), tickets("a", "b", "c"))
    with pytest.raises(TooManyTickets):
        TWO.refuse_size(TicketsById(("a", "b", "c", "d")), tickets("a", "b", "c"))


def test_no_more_tickets_are_held_than_allowed():
    TWO.refuse_more({}, tickets("a", "b"), Elsewhere(3))
    with pytest.raises(TooManyTicketsHeld) as refused:
        TWO.refuse_more({}, tickets("a", "b"), Elsewhere(4))
    assert refused.value.about == {"most": 5}
    TWO.refuse_more(tickets("a", "b"), tickets("c", "d"), Elsewhere(9))
