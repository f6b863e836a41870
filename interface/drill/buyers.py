"""Buyers who all come at once, live whole lives of orders, and remember what they were told."""

import random
import secrets
import threading
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from application.sale_proof import Promise
from domain.status import Status
from interface.drill.client import Answer, Client, Gone

ORDERS = "/v1/resources/orders"
PAY = b'{"payment": {"system": "drill/PAY"}}'
START = b'{"status": "in_progress"}'
FINISH = b'{"status": "done"}'
MOST_TICKETS = 4
CANCELS, WALKS_AWAY, GIVES_UP_PAYING = 0.1, 0.1, 0.1
"""How many of the buyers, at each turn of an order's life."""

RETRY_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
OK, CREATED, TOO_MANY, BUSY = 200, 201, 429, 503

_decode = msgspec.json.Decoder().decode


class Unexpected(Exception):
    """An answer that no buyer should ever get."""


class OnSale(msgspec.Struct, frozen=True):
    """Where and what buyers buy, and until when (by the monotonic clock)."""

    host: str
    port: int
    key: str
    event: str
    ticket_set: str
    until: float


class Buyer(threading.Thread):
    """Makes one order after another until the time is over or nothing is left."""

    def __init__(self, sale: OnSale, seed: int) -> None:
        super().__init__(daemon=True)
        self._sale = sale
        self._dice = random.Random(seed)  # noqa: S311 - a drill that can be repeated
        self._client = Client(sale.host, sale.port, {"Authorization": f"key {sale.key}"})
        self.promises: dict[str, Promise] = {}
        self.created = 0
        self.seconds: dict[str, list[float]] = {"create": [], "pay": [], "start": [], "end": []}
        self.retries = 0
        self.trouble: str | None = None

    def run(self) -> None:
        """Buy."""
        try:
            while time.monotonic() < self._sale.until and self._buy():
                pass
        except (Unexpected, Gone) as trouble:
            self.trouble = str(trouble)
        finally:
            self._client.close()

    def _buy(self) -> bool:
        """Live an order's life; False when there was no ticket left."""
        wish = {self._sale.ticket_set: self._dice.randint(1, MOST_TICKETS)}
        body = msgspec.json.encode({"event": self._sale.event, "random": wish})
        order = self._told("create", self._ask("create", "POST", ORDERS, body))
        path = f"{ORDERS}/{order['id']}"
        if not order["tickets"]:
            return False
        self.created += 1
        turn = self._dice.random()
        if turn < CANCELS:
            self._cancel(path, order["id"])
        elif turn > CANCELS + WALKS_AWAY:
            self._told("pay", self._ask("pay", "PATCH", path, PAY))
            self._told("start", self._ask("start", "PATCH", path, START))
            if self._dice.random() > GIVES_UP_PAYING:
                self._told("end", self._ask("end", "PATCH", path, FINISH))
        return True

    def _cancel(self, path: str, order: str) -> None:
        self._ask("end", "DELETE", path)
        self.promises[order] = Promise(order, Status.CANCELED)

    def _told(self, step: str, answer: Answer) -> dict[str, Any]:
        """Remember what an answer promises of its order."""
        order: dict[str, Any] = _decode(answer.body)
        version = int(answer.headers[b"etag"].strip(b'"'))
        if answer.status not in (OK, CREATED):
            raise Unexpected(f"{step}: {answer.status}")
        tickets = tuple(order["tickets"])
        self.promises[order["id"]] = Promise(order["id"], Status(order["status"]), tickets, version)
        return order

    def _ask(self, step: str, method: str, path: str, body: bytes = b"") -> Answer:
        """Ask until there is an answer: the Idempotency-Key makes it safe to repeat."""
        extra = f"Idempotency-Key: {secrets.token_hex(12)}\r\n"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            begun = time.perf_counter()
            try:
                answer = self._client.ask(method, path, body, extra)
                if answer.status not in (BUSY, TOO_MANY):
                    self.seconds[step].append(time.perf_counter() - begun)
                    break
            except Gone:
                if time.monotonic() > deadline:
                    raise
            self.retries += 1
            time.sleep(RETRY_SECONDS)
        if answer.status not in (OK, CREATED):
            raise Unexpected(f"{method} {path}: {answer.status} {answer.body[:200]!r}")
        return answer


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` (0 to 1) of `values` do not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0
