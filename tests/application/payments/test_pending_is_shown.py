"""A notice that its order cannot decide about is shown to people after a minute, on both stores."""

import pytest
from gateway import CARD_ID, notice, sent, signed, token_of

from application.catalog.access import Caller
from application.catalog.scopes import AUDIT
from application.payments import gateway_service
from application.payments.queries import PaymentFilter
from application.payments.unknown_buyers import NoSuchNotice, NoticeResolution
from application.ports.gateway_notices import NoticeState


@pytest.fixture
def auditor(paying):
    return Caller(paying.venue.org, "key", "en", scopes=frozenset({AUDIT}))


@pytest.fixture
def waits(paying, auditor):
    """What waits: why, the gateway's id and the order, read page by page."""

    def read(caller=auditor, page_size=1):
        found, cursor = [], None
        while True:
            wanted = PaymentFilter(attention=True, page_size=page_size, cursor=cursor)
            page = paying.services.payments.page(caller, wanted)
            found += [each for each in page.documents if each["notice"]]
            cursor = page.cursor
            if cursor is None:
                return [
                    (each["attention"], each["notice"]["notice"], each["notice"]["order"])
                    for each in found
                ]

    return read


@pytest.fixture
def order(paying, clock, monkeypatch):
    """An order that could not decide about `evt_2`; those before and after it are of nobody."""

    def fails(*_, **__):
        raise RuntimeError("cannot decide")

    order = paying.order(paying.venue.a[0])
    for number, token in enumerate(["f" * 40, token_of(order), "e" * 40], 1):
        body = sent(notice(token=token))
        with monkeypatch.context() as broken:
            broken.setattr(gateway_service, "decide_notice", fails)
            headers = signed(body, clock(), f"evt_{number}")
            if token != token_of(order):
                broken.undo()
            paying.services.gateways.take(CARD_ID, headers, body, "notice")
        clock.forward(seconds=1)
    return order


OF_NOBODY = [(["unknown_buyer"], "evt_1", None), (["unknown_buyer"], "evt_3", None)]


@pytest.mark.parametrize("page_size", [1, 2, 10])
def test_it_is_listed_after_a_minute_in_its_place(waits, order, clock, page_size):
    assert waits(page_size=page_size) == OF_NOBODY
    clock.forward(seconds=60)
    mine = (["not_yet_handled"], "evt_2", order.id)
    assert waits(page_size=page_size) == [OF_NOBODY[0], mine, OF_NOBODY[1]]


def test_it_leaves_the_list_when_its_order_has_acted_on_it(paying, waits, order, clock):
    clock.forward(seconds=60)
    paying.services.gateways.retry_pending()
    assert waits() == OF_NOBODY


def test_partners_do_not_see_it(paying, waits, order, clock):
    clock.forward(seconds=60)
    assert waits(Caller(paying.venue.org, "key", "en")) == []


def test_nobody_resolves_it(paying, auditor, order, clock):
    [pending] = paying.services.store.notices().pending(10)
    request = gateway_service.replace(paying.request(), caller=auditor)
    with pytest.raises(NoSuchNotice):
        paying.services.unknown_buyers.resolve(
            pending.digest.hex(), NoticeResolution.KEEP, request, "mine"
        )
    assert paying.services.store.notices().pending(10) == [pending]


def test_one_that_only_a_later_version_can_read_is_listed(paying, waits, order, clock):
    notices = paying.services.store.notices()
    [pending] = notices.pending(10)
    later = gateway_service.replace(
        pending, digest=b"\0" * 32, notice="evt_9", body=b'{"type": "payment.blessed"}'
    )
    assert later.state is NoticeState.PENDING
    assert notices.keep(later)
    clock.forward(seconds=60)
    assert (["not_yet_handled"], "evt_9", order.id) in waits()
