"""Every process of a server reports the notices that all of them took, also after one has died."""

import os
import signal
from datetime import UTC, datetime

from gateway import notice, sent, signed
from paying import ADDRESS, at_one_moment, paid_by_gateway, sell_by_gateway
from polling import until
from test_metrics import scrape

NOTICES = 8
NAME = "orderlog_gateway_notices_total "


def counted(service):
    """How many notices had which outcome, by payment system."""
    numbers = scrape(service)
    return {each.removeprefix(NAME): numbers[each] for each in numbers if each.startswith(NAME)}


def unknown_buyers(address=ADDRESS):
    """A notice of nobody's payment, as a request."""
    body = sent(notice(token="f" * 40))
    headers = {"Content-Type": "application/json", **signed(body, datetime.now(UTC))}
    return "POST", address, headers, body


def send(service, *requests):
    return [each.status for each in at_one_moment(*((service, each) for each in requests))]


def anew(service, dead):
    """Whether both processes answer again."""
    workers = service.workers()
    return dead not in workers and len(workers) == 2


def test_whoever_is_asked_knows_the_notices_of_all(sqlite, log):
    sell_by_gateway(sqlite)
    with paid_by_gateway(sqlite, log, "--workers", "2") as service:
        assert counted(service) == {}
        assert send(service, *(unknown_buyers() for _ in range(NOTICES))) == [200] * NOTICES
        assert send(service, unknown_buyers("/v1/gateways/nobody%2FHERE/notifications")) == [404]
        expected = {"unknown_buyer api/CARD": NOTICES}
        assert [counted(service) for _ in range(4)] == [expected] * 4
        dies, _ = service.workers()
        os.kill(dies, signal.SIGKILL)
        until(lambda: anew(service, dies), "no process takes its place")
        assert send(service, *(unknown_buyers() for _ in range(NOTICES))) == [200] * NOTICES
        expected = {"unknown_buyer api/CARD": 2 * NOTICES}
        assert [counted(service) for _ in range(4)] == [expected] * 4
