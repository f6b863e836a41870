"""Clients of one partner, and some without a key, that ask a service again and again.

They run in a process of their own, so that they do not slow down who measures the service:

    python tests/support/crowd.py HOST PORT POSITION KEY CLIENTS PAUSE
"""

import itertools
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection

ORDERS = "/v1/resources/orders"


class Kept:
    """A client that keeps its connection."""

    def __init__(self, host, port, key):
        self._connection = HTTPConnection(host, port, timeout=60)
        self._headers = {"Authorization": f"key {key}", "Content-Type": "application/json"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()

    def send(self, method, path, body=None, headers=()):
        self._connection.request(method, path, body, self._headers | dict(headers))
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def asked_for(position, key):
    """Lists, waits for what is not shown and for what is not there, and halves of orders."""
    wait = "X-Wait-For-Position"
    yield key, "GET", ORDERS, None, {}
    yield key, "GET", ORDERS, None, {wait: position}
    yield key, "GET", ORDERS, None, {wait: str(10**18 - 1)}
    yield "0" * 32, "GET", ORDERS, None, {}
    yield key, "POST", ORDERS, b"{", {"If-Match": "*"}


def ask(host, port, request, pause):
    key, *what = request
    with Kept(host, port, key) as client:
        while True:
            client.send(*what)
            time.sleep(pause)


@contextmanager
def a_crowd(service, position, key, clients, pause):
    """So many clients, each with a `pause` after every answer."""
    arguments = (service.host, service.port, position, key, clients, pause)
    with subprocess.Popen([sys.executable, __file__, *map(str, arguments)]) as crowd:
        try:
            time.sleep(1)
            yield
            assert crowd.poll() is None, "the crowd was cut off"
        finally:
            crowd.kill()


def main(host, port, position, key, clients, pause):
    requests = itertools.cycle(asked_for(position, key))
    threads = [
        threading.Thread(target=ask, args=(host, int(port), request, float(pause)))
        for request in itertools.islice(requests, int(clients))
    ]
    for each in threads:
        each.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
