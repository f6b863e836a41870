"""Sellers of a real server process, in threads: they go on, whatever happens to its database."""

import threading

from polling import until
from server import EMPTY_ORDER, ORDERS

BAD_REQUEST = 400
SELLERS, PAUSE = 6, 0.1
"""Slow enough that a vendor has not too many empty orders before a test is done."""


class Sale:
    """Sellers who make one order after the other, and ask again when they were refused.

    `done` has the orders by their Idempotency-Key, `refused` every answer that was no order.
    Sellers who `insist` are served before they leave, also after the end of the sale.
    """

    def __init__(self, service, *, insist=True):
        self.done = {}
        self.refused = []
        self._service = service
        self._insist = insist
        self._over = threading.Event()
        self._sellers = [threading.Thread(target=self._sell, args=(n,)) for n in range(SELLERS)]

    def __enter__(self):
        for seller in self._sellers:
            seller.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for seller in self._sellers:
            seller.join()

    def _sell(self, seller):
        number = 0
        while not self._over.is_set():
            number += 1
            key = f"{seller}-{number}"
            while key not in self.done and (self._insist or not self._over.is_set()):
                answer = self._service.call("POST", ORDERS, EMPTY_ORDER, Idempotency_Key=key)
                if answer.status == 201:
                    self.done[key] = answer.body["id"]
                    self._over.wait(PAUSE)
                elif answer.status == BAD_REQUEST:
                    return  # refused for good: another try would be, too
                else:
                    self.refused.append(answer)

    def goes_on(self):
        """Wait until much more was sold."""
        enough = len(self.done) + 50
        until(lambda: len(self.done) > enough, "nothing is sold")

    def check(self, store, others):
        """What was acknowledged is there, and nothing was done twice.

        `others` is how many orders were made besides.
        """
        events = store.log(0, 1_000_000)
        stored = [each.originator_id for each in events if each.originator_version == 1]
        assert len(self.done) > 100
        assert len(stored) == len(set(stored))
        assert len(set(self.done.values())) == len(self.done)
        assert set(self.done.values()) <= set(stored)
        assert len(stored) <= len(self.done) + others
