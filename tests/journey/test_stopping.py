"""A service that is told to stop finishes what it took on, and starts again where it was."""

import json
import signal
import threading
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException

import pytest
from busy_clients import PACE, BusyClients
from polling import until
from server import EMPTY_ORDER, KEY, ORDERS, children, serving

from application.bootstrap import open_store

SELLERS = 16
RESTARTS = 2
BEFORE_THE_END = 100
SOON = 20
"""Seconds: less than the service itself waits before it kills a process that does not stop."""


class Unfinished:
    """A request for an order that has reached the service, all but its body."""

    def __init__(self, service):
        self._body = json.dumps(EMPTY_ORDER).encode()
        self._connection = service.connect()
        self._connection.sendall(
            f"POST {ORDERS} HTTP/1.1\r\nHost: {service.host}\r\nAuthorization: key {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self._body)}\r\n"
            "Expect: 100-continue\r\n\r\n".encode()
        )
        assert self._connection.recv(1000).startswith(b"HTTP/1.1 100 Continue")

    def finish(self):
        """Send the body; return all that comes back."""
        with self._connection, self._connection.makefile("rb") as answer:
            self._connection.sendall(self._body)
            return answer.read()


def stops_listening(service):
    return until(lambda: not service.listens(), "it goes on to take requests")


def test_a_request_under_way_is_finished(own_database, log):
    with serving(own_database, log) as service:
        request = Unfinished(service)
        service.process.terminate()
        stops_listening(service)
        answer = request.finish()
        assert answer.startswith(b"HTTP/1.1 201 Created")
        order = json.loads(answer.partition(b"\r\n\r\n")[2])["id"]
        assert service.process.wait() == 0
    with closing(open_store(own_database)) as store:
        assert len(store.events(order)) == 1


class Seller:
    """Makes one order after another, until the service takes no more."""

    def __init__(self, service):
        self.service = service
        self.made = {}
        self.position = 0
        self.thread = threading.Thread(target=self.sell)
        self.thread.start()

    def sell(self):
        headers = {"Authorization": f"key {KEY}", "Content-Type": "application/json"}
        while True:
            connection = HTTPConnection(self.service.host, self.service.port)
            try:
                connection.request("POST", ORDERS, json.dumps(EMPTY_ORDER), headers)
                answer = connection.getresponse()
                body = json.loads(answer.read())
            except (OSError, HTTPException):
                return
            finally:
                connection.close()
            assert answer.status == 201
            self.made[body["id"]] = body
            self.position = int(answer.getheader("X-Log-Position"))
            time.sleep(SELLERS / PACE)


@pytest.mark.experiment
def test_no_request_of_busy_clients_is_cut(own_database, log):
    made = []
    for _ in range(RESTARTS):
        with serving(own_database, log, "--workers", "2") as service:
            clients = BusyClients(service.host, service.port, keeping=44, opening=4)
            clients.busy()
            assert service.stop() == 0
            clients.join()
        assert clients.cut == []
        assert clients.closing
        made += clients.orders
    with closing(open_store(own_database)) as store:
        stored = {event.originator_id for event in store.log(0, 1_000_000)}
    assert set(made) <= stored
    assert len(made) == len(set(made))


def test_no_order_is_made_without_its_answer_and_none_is_forgotten(own_database, log):
    with serving(own_database, log, "--workers", "2") as service:
        sellers = [Seller(service) for _ in range(SELLERS)]
        enough = lambda: sum(len(each.made) for each in sellers) > BEFORE_THE_END  # noqa: E731
        until(enough, "nothing is sold")
        assert service.stop() == 0
        for each in sellers:
            each.thread.join()
    made = {order: body for each in sellers for order, body in each.made.items()}
    with serving(own_database, log) as service:
        position = max(each.position for each in sellers)
        kept = {each["id"]: each for each in listed(service, position)}
        last = max(made, key=lambda order: made[order]["number"])
        assert service.call("GET", f"{ORDERS}/{last}").body == made[last]
    assert kept == made


def listed(service, position):
    """All orders that the service lists when its list has got to a position."""
    path = f"{ORDERS}?page_size=200"
    orders = []
    while path:
        answer = service.call("GET", path, X_Wait_For_Position=str(position))
        assert answer.status == 200
        orders += answer.body
        path = answer.headers.get("link", "").partition("<")[2].partition(">")[0]
    return orders


def test_it_can_be_stopped_from_a_terminal(sqlite, log):
    """The terminal tells every process of the service at once."""
    with serving(sqlite, log) as service:
        request = Unfinished(service)
        service.signal_all(signal.SIGINT)
        stops_listening(service)
        assert request.finish().startswith(b"HTTP/1.1 201 Created")
        assert service.process.wait() == 0


def test_it_can_be_stopped_while_it_starts(sqlite, log):
    """A signal that meets a process that was just made is not lost."""
    with closing(serving(sqlite, log)) as service:
        service.begin()
        until(lambda: children(service.process), "it makes no process")
        service.process.terminate()
        assert service.process.wait(SOON) == 0
