"""Two servers on one database: one service."""

import os
import threading
from contextlib import ExitStack

import pytest
from databases import STORES, a_database
from polling import until
from seller import expirations, overdue_orders
from server import EMPTY_ORDER, ORDERS, serving

from application.bootstrap import open_store


class Office:
    """Servers on one database, and a look into it from outside."""

    def __init__(self, url, folder, stack):
        self.store = open_store(url)
        self.url = url
        self._folder = folder
        self._stack = stack
        self.servers = [self.serve(), self.serve()]

    def serve(self):
        return self._stack.enter_context(serving(self.url, self._folder / "server.log"))

    def projector(self):
        """The server that projects the lists now, if one does."""
        name = self.store.read_models().state("orders").projector
        if name is None:
            return None
        group = os.getpgid(int(name.split(":")[1]))
        return next(each for each in self.servers if each.process.pid == group)


@pytest.fixture(scope="module", params=STORES)
def office(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("office")
    with ExitStack() as stack:
        url = stack.enter_context(a_database(request.param, request, folder))
        office = Office(url, folder, stack)
        stack.callback(office.store.close)
        yield office


def test_an_order_made_at_one_is_in_the_lists_of_the_other(office):
    for here, there in (office.servers, office.servers[::-1]):
        made = here.call("POST", ORDERS, EMPTY_ORDER)
        position = {"X_Wait_For_Position": made.headers["x-log-position"]}
        listed = there.call("GET", ORDERS, **position).body
        assert made.body["id"] in str(listed)
        assert there.call("GET", f"{ORDERS}/{made.body['id']}").body == made.body


def test_one_request_sent_to_both_at_once_is_carried_out_once(office):
    before = len(office.store.log(0, 10_000))
    answers = []

    def send(server):
        answers.append(server.call("POST", ORDERS, EMPTY_ORDER, Idempotency_Key="same"))

    senders = [threading.Thread(target=send, args=(each,)) for each in office.servers * 4]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert {answer.status for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(office.store.log(0, 10_000)) == before + 1


def test_the_end_of_a_hold_is_recorded_once_though_both_sweep(office):
    orders = overdue_orders(office.url, 20)

    def recorded():
        return [expirations(office.store, order) for order in orders]

    until(lambda: all(recorded()), "their ends were not recorded")
    assert recorded() == [1] * 20


@pytest.mark.experiment
def test_when_the_server_that_projects_the_lists_dies_the_other_takes_over(office):
    until(office.projector, "nobody projects the lists")
    dead = office.projector()
    dead.kill()
    office.servers.remove(dead)
    (other,) = office.servers
    made = other.call("POST", ORDERS, EMPTY_ORDER)
    position = {"X_Wait_For_Position": made.headers["x-log-position"]}
    until(
        lambda: other.call("GET", ORDERS, **position).status == 200,
        "nobody took over",
    )
    assert made.body["id"] in str(other.call("GET", ORDERS, **position).body)
    assert office.projector() is other
    (order,) = overdue_orders(office.url, 1)
    until(lambda: expirations(office.store, order) == 1, "nobody sweeps")
    office.servers.append(office.serve())
