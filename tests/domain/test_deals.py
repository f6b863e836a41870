"""Who may sell whose shows."""

import pytest

from domain.refusals import NoDeal
from domain.shows import Deal, deal_between

DEALS = {("theatre", "agency"): Deal("deal-1", "theatre", "agency")}


def test_an_organiser_sells_its_own_shows_without_a_deal():
    assert deal_between(DEALS, "theatre", "theatre") is None


def test_a_vendor_sells_by_its_deal_which_the_order_then_names():
    assert deal_between(DEALS, "theatre", "agency") == "deal-1"


@pytest.mark.parametrize(
    ("org", "vendor"), [("theatre", "stranger"), ("agency", "theatre"), ("circus", "agency")]
)
def test_without_a_deal_nobody_sells_the_shows_of_another(org, vendor):
    with pytest.raises(NoDeal) as refused:
        deal_between(DEALS, org, vendor)
    assert refused.value.about == {"org": org, "vendor": vendor}
