"""Gives tickets back of orders that the notices of the drill's gateway made done."""

import secrets
import threading
import time
from collections import deque
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec

from interface.load.client import Client, Gone
from interface.load.gateway import Gateway, ToRefund

ORDERS, REFUNDS = "/v1/resources/orders", "/v1/resources/refund_requests"
DONE, OK, CREATED, TOO_MANY, A_FAULT = "done", 200, 201, 429, 500
LOOKS = 20
"""How often it is looked whether an order is done; one whose money came late may never be."""

LOOK_SECONDS, RETRY_SECONDS = 0.3, 0.05


class Refunder(threading.Thread):
    """Asks for refunds and approves them, until it is told to finish; then it does what is left.

    Several of them may give back what one gateway has.
    """

    def __init__(self, port: int, key: str, gateway: Gateway) -> None:
        super().__init__(daemon=True)
        self._client = Client("127.0.0.1", port, {"Authorization": f"key {key}"})
        self._gateway = gateway
        self._finish = threading.Event()
        self._waiting: deque[tuple[float, int, ToRefund]] = deque()
        self.refunds = 0
        self.trouble: str | None = None

    def run(self) -> None:
        """Give back."""
        try:
            while not self._finish.is_set() or self._gateway.to_refund or self._waiting:
                self._round()
        except (LookupError, ValueError) as error:
            self.trouble = f"a refund got an answer that it cannot read: {error!r}"
        finally:
            self._client.close()

    def finish(self) -> None:
        """Have it do what is left, and then end."""
        self._finish.set()

    @property
    def left(self) -> int:
        """How many orders it has to look at again."""
        return len(self._waiting)

    def _round(self) -> None:
        with suppress(IndexError):  # nothing is left, or another one took it
            while True:
                order = self._gateway.to_refund.popleft()
                self._waiting.append((time.monotonic() + LOOK_SECONDS, 0, order))
        if not self._waiting or self._waiting[0][0] > time.monotonic():
            time.sleep(RETRY_SECONDS)
            return
        _, looks, order = self._waiting.popleft()
        all_sent = self._finish.is_set() and not self._gateway.outbox.waiting
        _, known = self._ask("GET", f"{ORDERS}/{order.paying.order}")
        if known["status"] == DONE:
            self._give_back(order, known["tickets"])
        elif looks < LOOKS and not all_sent:
            self._waiting.append((time.monotonic() + LOOK_SECONDS, looks + 1, order))

    def _give_back(self, order: ToRefund, tickets: list[str]) -> None:
        """Give back half of the tickets, at least one."""
        going = tickets[: (len(tickets) + 1) // 2]
        asked = {"order": order.paying.order, "culprit": "org", "tickets_refund": going}
        status, refund = self._ask("POST", REFUNDS, asked)
        if status == CREATED:
            path = f"{REFUNDS}/{refund['id']}"
            status, refund = self._ask("PATCH", path, {"status": "approved"})
        if status != CREATED:
            self.trouble = f"a refund of order {order.paying.order} was answered with {status}"
            return
        self.refunds += 1
        self._gateway.refund(order, refund["id"], Decimal(refund["value"]))

    def _ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send a request until it is answered: its Idempotency-Key makes it count once."""
        content = b"" if body is None else msgspec.json.encode(body)
        extra = "" if body is None else f"Idempotency-Key: {secrets.token_hex(12)}\r\n"
        while True:
            try:
                answer = self._client.send(method, path, content, extra)
            except Gone:
                time.sleep(RETRY_SECONDS)
                continue
            if answer.status == TOO_MANY or answer.status >= A_FAULT:
                time.sleep(RETRY_SECONDS)
                continue
            return answer.status, msgspec.json.decode(answer.body)
