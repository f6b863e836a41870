"""An order of which more money went away than came, until a person says that it stays so."""

import pytest

from application.catalog.access import Caller
from application.integrity.verification import verify
from application.integrity.workers import here
from application.orders.commands import Request
from application.orders.timeline.timeline import LANGUAGES
from application.payments.refund_service import RefundRequest
from domain.order_money import Attention, attention_of, balance_of
from domain.refunds import Culprit, RefundStatus
from domain.refusals import NothingToResolve


@pytest.fixture
def lacking(paying):
    """An order whose tickets were all paid back, and whose buyer's bank took the money, too."""
    order = paying.order(paying.venue.a[0])
    paying.tell(order)
    refunds = paying.services.refunds
    wanted = RefundRequest(order.id, Culprit.ORG, (), stay=True)
    refund = refunds.request(wanted, paying.request()).document["id"]
    refunds.decide(refund, RefundStatus.APPROVED, paying.request())
    for kind in ("refund.succeeded", "dispute.opened", "dispute.lost"):
        paying.tell(order, kind, refund=refund)
    return order


def decide(paying, order, resolution):
    request = Request(Caller(paying.venue.org, "key", "en"), "request")
    return paying.services.resolver.resolve(order.id, resolution, request, note="the bank's fault")


def test_the_seller_bears_it(paying, lacking):
    now = paying.now(lacking)
    assert attention_of(now) == [Attention.REFUND_DIFFERS]
    assert str(balance_of(now).attention) == "-100.00"
    for resolution in ("refund", "accept"):
        with pytest.raises(NothingToResolve):
            decide(paying, lacking, resolution)
    decide(paying, lacking, "keep")
    now = paying.now(lacking)
    assert attention_of(now) == []
    assert (str(balance_of(now).kept), str(balance_of(now).attention)) == ("-100.00", "0.00")
    with pytest.raises(NothingToResolve):
        decide(paying, lacking, "keep")
    store = paying.services.store
    assert not verify(store, here(store), lambda *_: None).findings


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "the seller bears 100.00 RUB"), ("ru", "100,00 RUB — убыток продавца")],
)
def test_its_timeline_says_so(paying, lacking, language, says):
    decide(paying, lacking, "keep")
    told = paying.services.timelines.explain(lacking.id, LANGUAGES[language])["story"][-1]
    assert says in told["sentence"]
