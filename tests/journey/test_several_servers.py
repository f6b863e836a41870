"""Two servers on one database: one service."""

import os
import signal
import threading
from contextlib import ExitStack, closing
from datetime import timedelta

import pytest
from serving import EVENT, NO_TICKET, ONE_TICKET, ORDERS, PARTERRE, PARTNER, serving, until

from application.access import Caller
from application.bootstrap import build, open_store
from application.clock import now
from application.order_service import OrderWish, Request
from application.settings import Settings
from domain.wishes import AtRandom

LONG_AGO = timedelta(minutes=11)
"""Longer than a new order is held."""


class Office:
    """Servers on one database, and a look into it from outside."""

    def __init__(self, url, folder, stack):
        self.store = open_store(url)
        self._url = url
        self._folder = folder
        self._stack = stack
        self.servers = [self.serve(), self.serve()]

    def serve(self):
        settings = {"ORDERLOG_SWEEP_SECONDS": "0.1"}
        return self._stack.enter_context(
            serving(self._url, self._folder / "server.log", **settings)
        )

    def feeder(self):
        """The server that feeds the lists now, if one does."""
        name = self.store.read_models().state("orders").feeder
        if name is None:
            return None
        group = os.getpgid(int(name.split(":")[1]))
        return next(each for each in self.servers if each.process.pid == group)

    def overdue_orders(self, count):
        """Orders that were made so long ago that their holds have ended; their ids."""
        ago = now() - LONG_AGO
        caller = Caller(PARTNER, "key", "ru")
        with closing(build(Settings(database=self._url), lambda: ago)) as services:
            wish = OrderWish(AtRandom({PARTERRE: 1}))
            made = [
                services.orders.create(EVENT, wish, Request(caller, "early", ago)).order
                for _ in range(count)
            ]
        return [order.id for order in made]

    def expirations(self, order):
        return sum(b'"expired"' in fact.state for fact in self.store.facts(order))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def office(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("office")
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{folder / 'orders.db'}"
        else:
            url = stack.enter_context(request.getfixturevalue("server").database())
        office = Office(url, folder, stack)
        stack.callback(office.store.close)
        yield office


def test_an_order_made_at_one_is_in_the_lists_of_the_other(office):
    for here, there in (office.servers, office.servers[::-1]):
        made = here.call("POST", ORDERS, NO_TICKET)
        position = {"X_Wait_For_Position": made.headers["x-log-position"]}
        listed = there.call("GET", ORDERS, **position).body
        assert made.body["id"] in str(listed)
        assert there.call("GET", f"{ORDERS}/{made.body['id']}").body == made.body


def test_one_request_sent_to_both_at_once_is_carried_out_once(office):
    before = len(office.store.log(0, 10_000))
    answers = []

    def send(server):
        answers.append(server.call("POST", ORDERS, ONE_TICKET, Idempotency_Key="same"))

    senders = [threading.Thread(target=send, args=(each,)) for each in office.servers * 4]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert {answer.status for answer in answers} == {201}
    assert len({answer.bytes for answer in answers}) == 1
    assert len(office.store.log(0, 10_000)) == before + 1


def test_the_end_of_a_hold_is_recorded_once_though_both_sweep(office):
    orders = office.overdue_orders(20)
    until(lambda: all(map(office.expirations, orders)), "their ends were not recorded")
    assert [office.expirations(order) for order in orders] == [1] * 20


def test_when_the_server_that_feeds_the_lists_dies_the_other_takes_over(office):
    until(office.feeder, "nobody feeds the lists")
    dead = office.feeder()
    os.killpg(dead.process.pid, signal.SIGKILL)
    office.servers.remove(dead)
    (other,) = office.servers
    made = other.call("POST", ORDERS, NO_TICKET)
    position = {"X_Wait_For_Position": made.headers["x-log-position"]}
    until(
        lambda: other.call("GET", ORDERS, **position).status == 200,
        "nobody took over",
        seconds=15,
    )
    assert made.body["id"] in str(other.call("GET", ORDERS, **position).body)
    assert office.feeder() is other
    (order,) = office.overdue_orders(1)
    until(lambda: office.expirations(order) == 1, "nobody sweeps")
    office.servers.append(office.serve())
