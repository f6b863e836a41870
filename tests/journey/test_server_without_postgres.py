"""A server whose PostgreSQL goes away in the middle of the sale and comes back."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from polling import until
from sale import Sale
from seller import expirations, overdue_orders
from server import EMPTY_ORDER, ORDERS, orderlog, serving

from application.bootstrap import open_store

READY, LIVE = "/health/ready", "/health/live"


class Outage:
    """What was seen of a server before, during and after an outage of its database."""

    def __init__(self, server, service):
        self.service = service
        self.path = f"{ORDERS}/{service.order()}"
        self.before = service.call("GET", self.path)
        with Sale(service) as self.sale:
            self.sale.goes_on()
            with server.down(), ThreadPoolExecutor() as clients:
                reading = clients.submit(service.call, "GET", self.path)
                listing = clients.submit(service.call, "GET", ORDERS)
                self.live = service.call("GET", LIVE)
                self.answers = [reading.result(), listing.result()]
                unready = lambda: (found := service.call("GET", READY)).status == 503 and found  # noqa: E731
                self.ready = until(unready, "it stays ready")
                until(lambda: self.sale.refused, "nobody was refused")
            self.sale.goes_on()
        self.answers += self.sale.refused


@pytest.fixture(scope="module")
def outage(server, tmp_path_factory):
    if not server.own:
        pytest.skip("the PostgreSQL server is not ours to stop")
    log = tmp_path_factory.mktemp("office") / "server.log"
    with server.database() as url, serving(url, log) as service:
        yield Outage(server, service)


def test_who_asks_meanwhile_is_told_to_come_back(outage):
    assert len(outage.answers) > 2
    for answer in outage.answers:
        assert (answer.status, answer.body["code"]) == (503, "store_unavailable")
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) >= 1


def test_it_lives_but_is_not_ready_meanwhile(outage):
    assert (outage.live.status, outage.ready.status) == (200, 503)
    until(lambda: outage.service.call("GET", READY).status == 200, "it is not ready")


def test_afterwards_everything_goes_on_by_itself(outage):
    assert outage.service.call("GET", outage.path).content == outage.before.content
    made = outage.service.call("POST", ORDERS, EMPTY_ORDER)
    position = {"X_Wait_For_Position": made.headers["x-log-position"]}
    until(
        lambda: outage.service.call("GET", ORDERS, **position).status == 200,
        "the lists stand still",
    )
    assert made.body["id"] in str(outage.service.call("GET", ORDERS).body)
    (order,) = overdue_orders(outage.service.database, 1)
    with closing(open_store(outage.service.database)) as store:
        until(lambda: expirations(store, order) == 1, "nobody sweeps")


def test_what_was_acknowledged_is_there_and_nothing_was_done_twice(outage):
    with closing(open_store(outage.service.database)) as store:
        outage.sale.check(store, others=3)


def test_no_traceback_is_in_its_log(outage):
    assert "Traceback" not in outage.service.complaints()
    assert '"store_unavailable"' in outage.service.complaints()


def test_a_database_that_is_not_there_is_named_in_one_line():
    ended = orderlog("serve", "--port", "0", "--database", "postgresql:///none?host=/nowhere")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith("The database cannot be used now: ")
    assert ended.stderr.count("\n") == 1
