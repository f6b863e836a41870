"""What Prometheus reads about money, on both stores: what came of notices, and what waits."""

from collections import Counter

import pytest
from gateway import CARD_ID, NAME, notice, sent, signed
from prometheus_client.parser import text_string_to_metric_families

from application.catalog.access import Caller
from application.catalog.scopes import AUDIT
from application.payments import gateway_service
from application.payments.queries import PaymentFilter
from application.payments.unknown_buyers import SOON
from application.projector.loop import catch_up
from domain.order_money import Attention
from domain.refusals import UnknownGateway
from interface.server.flask_app import create_app

CODES = {*Attention, "unknown_buyer", "not_yet_handled"}


@pytest.fixture
def scrape(paying):
    """Reads the samples of a metric: the values of their labels, by name, and the value."""
    client = create_app(paying.services).test_client()

    def read(name):
        catch_up(paying.services.store, "payments")
        families = text_string_to_metric_families(client.get("/metrics").text)
        samples = [each for family in families for each in family.samples if each.name == name]
        return Counter(
            {
                tuple(value for _, value in sorted(each.labels.items())): each.value
                for each in samples
            }
        )

    return read


def labels_of(sample):
    return tuple(value for _, value in sorted(sample.labels.items()))


@pytest.fixture
def outcomes(scrape):
    """How many notices there are more than before, by outcome and system."""
    name = "orderlog_gateway_notices_total"
    before = scrape(name)
    return lambda: dict(scrape(name) - before)


@pytest.fixture
def refused(paying, clock):
    """Takes what is refused."""

    def take(error, body, name=CARD_ID, **headers):
        with pytest.raises(error):
            paying.services.gateways.take(name, {**signed(body, clock()), **headers}, body, "id")

    return take


def broken_down(*_, **__):
    raise RuntimeError("cannot decide")


def test_notices_are_counted_by_what_came_of_them(paying, refused, outcomes, monkeypatch, clock):
    first, second = (paying.order(each) for each in paying.venue.a[:2])
    assert paying.tell(first, "payment.started") == paying.tell(first, notice_id="evt_a") == "kept"
    assert paying.tell(first, notice_id="evt_a") == "repeated"
    nobodys = sent(notice(token="f" * 40))
    paying.services.gateways.take(CARD_ID, signed(nobodys, clock()), nobodys, "id")
    refused(gateway_service.SignatureRefused, nobodys, **{"webhook-signature": "v1,AAAA"})
    refused(gateway_service.BadNotice, b"{}")
    with monkeypatch.context() as broken:
        broken.setattr(gateway_service, "decide_notice", broken_down)
        paying.tell(second, notice_id="evt_b")
    paying.services.gateways.retry_pending()
    paying.tell(second, notice_id="evt_b")
    refused(UnknownGateway, nobodys, name="somebody/ELSE")
    system = paying.services.catalog.current().systems[CARD_ID].alias
    assert outcomes() == {
        ("kept", system): 2,
        ("repeated", system): 2,
        ("unknown_buyer", system): 1,
        ("bad_signature", system): 1,
        ("malformed", system): 1,
        ("pending", system): 1,
    }


def test_a_secret_that_cannot_be_read_is_counted(paying, refused, outcomes, monkeypatch):
    monkeypatch.delenv(NAME)
    refused(gateway_service.SecretUnreadable, sent(notice()))
    assert [outcome for outcome, _ in outcomes()] == ["secret_unreadable"]


def test_what_waits_is_counted_by_why(paying, scrape, monkeypatch, clock):
    a = paying.venue.a
    assert scrape("orderlog_payments_waiting") == {(code,): 0 for code in CODES}
    for ticket in a[:2]:
        paying.tell(paying.order(ticket), amount="60.00")
    both = paying.order(a[2])
    paying.tell(both)
    paying.tell(both, payment="gw-2")
    paying.tell(both, "dispute.opened", payment="gw-2")
    paying.services.gateways.take(
        CARD_ID, signed(nobodys := sent(notice(token="f" * 40)), clock()), nobodys, "id"
    )
    with monkeypatch.context() as broken:
        broken.setattr(gateway_service, "decide_notice", broken_down)
        paying.tell(paying.order(a[3]))
    waiting = scrape("orderlog_payments_waiting")
    assert waiting == as_listed(paying)
    assert (waiting["underpaid",], waiting["disputed",], waiting["not_yet_handled",]) == (2, 1, 0)
    assert waiting["unknown_buyer",] == 1
    clock.forward(minutes=SOON.total_seconds() / 60)
    waiting = scrape("orderlog_payments_waiting")
    assert waiting == as_listed(paying)
    assert waiting["not_yet_handled",] == 1


def as_listed(paying):
    """The same, counted in the list of what waits."""
    caller = Caller(paying.venue.org, "key", "en", scopes=frozenset({AUDIT}))
    listed = paying.services.payments.page(caller, PaymentFilter(attention=True)).documents
    found = Counter((code,) for each in listed for code in each["attention"])
    return {(code,): found[code,] for code in CODES}
