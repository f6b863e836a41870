"""Clients that send one request after another until nobody listens, and note every cut one.

A request is cut when it was sent, or its connection was made, and no whole answer came.
"""

import json
import threading
import time
from http.client import HTTPConnection, HTTPException

from polling import until
from server import EMPTY_ORDER, KEY, ORDERS

HEADERS = {"Authorization": f"key {KEY}", "Content-Type": "application/json"}
SECONDS = 60
PACE = 400
"""Requests a second of all clients together: fewer than a partner may send."""


class BusyClients:
    """Clients that keep their connections, and some that make a new one for each request.

    `orders` has the ids of the orders that were acknowledged, `cut` what was wrong with requests
    that were not answered, `closing` how many answers asked for an end of the connection.
    """

    def __init__(self, host, port, *, keeping, opening=0):
        self.orders = []
        self.cut = []
        self.closing = 0
        self._host, self._port = host, port
        self._turn = (keeping + opening) / PACE
        self._threads = [
            threading.Thread(target=self._ask_until_refused, args=(number < keeping, number))
            for number in range(keeping + opening)
        ]
        for each in self._threads:
            each.start()

    def busy(self):
        """Wait until each has been answered, on average, some times."""
        enough = 3 * len(self._threads)
        until(lambda: len(self.orders) > enough or self.cut, "nobody is answered")

    def join(self):
        """Wait until all were refused."""
        for each in self._threads:
            each.join(SECONDS)
            assert not each.is_alive(), "a client was not refused"

    def _ask_until_refused(self, keeps, number):
        while (connection := self._connected()) is not None:
            try:
                while self._kept_on(connection, number) and keeps:
                    pass
            except (OSError, HTTPException) as error:
                self.cut.append(repr(error))
                return
            finally:
                connection.close()

    def _connected(self):
        connection = HTTPConnection(self._host, self._port, timeout=SECONDS)
        try:
            connection.connect()
        except ConnectionRefusedError:
            return None
        except OSError as error:
            self.cut.append(f"connecting: {error!r}")
            return None
        return connection

    def _kept_on(self, connection, number):
        """Send one request, and wait for this client's next turn; whether it keeps its connection.

        So a fast machine is not refused for too many requests.
        """
        next_turn = time.monotonic() + self._turn
        keeps = self._asked(connection, number)
        time.sleep(max(0.0, next_turn - time.monotonic()))
        return keeps

    def _asked(self, connection, number):
        """Send one request; whether the connection may be kept after it."""
        if number % 8 == 7:
            connection.request("GET", ORDERS, headers=HEADERS)
        else:
            connection.request("POST", ORDERS, json.dumps(EMPTY_ORDER), HEADERS)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        if answer.status == 201:
            self.orders.append(body["id"])
        elif answer.status != 200:
            self.cut.append(f"{answer.status}: {body}")
        closes = answer.getheader("Connection") == "close"
        self.closing += closes
        return not closes
