"""Buyers that all come at once, take orders through their life cycle, and record the answers."""

import random
import secrets
import threading
import time
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import repeat

import msgspec

from application.integrity.sale_proof import AcknowledgedResult
from application.runtime.clock import elapsed_ns, wall_offset_ns
from domain.status import Status
from interface.load import history
from interface.load.acknowledged import AcknowledgedResults
from interface.load.client import Answer, Client, Gone
from interface.load.gateway import GATE, LATE, Gateway, Paying
from interface.load.history import GONE, Call, Seen
from interface.load.limits import MOST_TICKETS_OF_ORDER

ORDERS = "/v1/resources/orders"
PAY = b'{"payment": {"system": "drill/PAY"}}'
START = b'{"status": "in_progress"}'
FINISH = b'{"status": "done"}'
CANCELS, WALKS_AWAY, GIVES_UP_PAYING = 0.1, 0.1, 0.1
"""The share of the buyers at each step of an order's life cycle."""

CANCELS_FIRST, PAYS_LATE = 0.1, 0.1
"""The share of the gateway's buyers who cancel and pay all the same, and whose hold has ended."""

READS, RIVALS, LETS_GO = 0.3, 0.05, 0.3
"""In a checked drill: how often an order is read after a call, how often a second buyer pays for
it, and the share of buyers that do not retry when they got no answer.
"""

RECENT = 64
"""How many orders the buyers of a checked drill share."""

RETRY_SECONDS = 0.05
BACKOFF_SECONDS = 60.0
OK, CREATED, TOO_MANY, BUSY = 200, 201, 429, 503
MISSING, NO_ANSWER = 404, 500

_decode = msgspec.json.Decoder().decode


class Unexpected(Exception):
    """An answer that the service should never give."""


class LetGo(Exception):
    """A buyer got no answer and does not retry: the outcome is not known."""


class Shown(msgspec.Struct):
    """The fields of an order's document that are compared with the log."""

    id: str
    status: Status
    tickets: tuple[str, ...]


class Held(Shown):
    """The fields that a checked drill compares, too."""

    reserved_till: datetime | None


_shown = msgspec.json.Decoder(Shown).decode
_held = msgspec.json.Decoder(Held).decode


class ForSale(msgspec.Struct, frozen=True):
    """An event, and its set of which buyers want any tickets."""

    event: str
    ticket_set: str


class OnSale(msgspec.Struct, frozen=True, kw_only=True):
    """The address, the events and the end (by the monotonic clock) of a sale.

    Each order is one of the `quota`, which all buyers share. The results of finished orders go
    to `acknowledged`. `recent` has orders that buyers share; only a checked drill has it. Some
    orders are paid through the `gateway`, if there is one.
    """

    host: str
    port: int
    key: str
    events: Sequence[ForSale]
    until: float
    quota: Iterator[object] = repeat(None)
    acknowledged: AcknowledgedResults
    recent: deque[str] | None = None
    gateway: Gateway | None = None


class Buyer(threading.Thread):
    """Creates one order after another until the time is over or all tickets are sold."""

    def __init__(self, sale: OnSale, seed: int) -> None:
        super().__init__(daemon=True)
        self._events = list(sale.events)
        self._sale = sale
        self._seed = seed
        self._dice = random.Random(seed)  # noqa: S311 - a drill that can be repeated
        self._client = Client(sale.host, sale.port, {"Authorization": f"key {sale.key}"})
        self._ahead = wall_offset_ns() + elapsed_ns() - time.monotonic_ns()
        self.unfinished: AcknowledgedResult | None = None
        """The last acknowledged result of the order that goes through its life now."""
        self.created = 0
        self.seconds = {step: array("f") for step in ("create", "pay", "start", "end")}
        self.retries = 0
        self.trouble: str | None = None
        self.calls: list[Call] = []
        self._to_gateway: Gateway | None = None

    def run(self) -> None:
        """Buy."""
        try:
            for _ in self._sale.quota:
                while not self._over and not self._buy():
                    pass
                if self._over:
                    return
        except (Unexpected, Gone) as trouble:
            self.trouble = str(trouble)
        finally:
            self._client.close()

    @property
    def sold_out(self) -> bool:
        """Whether there was no ticket left of any event."""
        return not self._events

    @property
    def _over(self) -> bool:
        return self.sold_out or time.monotonic() >= self._sale.until

    def _buy(self) -> bool:
        """Take an order of some event through its life cycle; False if none was made."""
        made = self.created
        gateway = self._sale.gateway
        to_gateway = gateway is not None and self._dice.random() < gateway.share
        self._to_gateway = gateway if to_gateway else None
        chosen = self._dice.choice(self._events)
        command = {chosen.ticket_set: self._dice.randint(1, MOST_TICKETS_OF_ORDER)}
        body = msgspec.json.encode({"event": chosen.event, "random": command})
        try:
            order = self._acknowledged("create", self._send("create", history.CREATE, ORDERS, body))
            if not order.tickets:
                self._events.remove(chosen)
                return False
            self.created += 1
            if self._to_gateway is None:
                self._live(order.id)
            else:
                self._pay_there(order.id, self._to_gateway)
        except LetGo:
            self.retries += 1
        finally:
            self._keep()
        return self.created > made

    def _keep(self) -> None:
        """Put away what was acknowledged of an order that this buyer is done with."""
        if self.unfinished is not None:
            self._sale.acknowledged.add(self.unfinished)
            self.unfinished = None

    def _live(self, order: str) -> None:
        """Pay for an order, cancel it or walk away from it."""
        path = f"{ORDERS}/{order}"
        dice = self._dice.random()
        if dice < CANCELS:
            self._cancel(path, order)
        elif dice > CANCELS + WALKS_AWAY:
            if self._sale.recent is not None:
                self._sale.recent.append(order)
            self._acknowledged("pay", self._send("pay", history.PAY, path, PAY))
            self._acknowledged("start", self._send("start", history.START, path, START))
            if self._dice.random() > GIVES_UP_PAYING:
                self._acknowledged("end", self._send("end", history.FINISH, path, FINISH))
        self._look_around()

    def _pay_there(self, order: str, gateway: Gateway) -> None:
        """Go to the gateway and leave the order to its notices. Some of them come too late."""
        path = f"{ORDERS}/{order}"
        late = self._dice.random() < PAYS_LATE
        system = LATE if late else GATE
        choose = msgspec.json.encode({"payment": {"system": system}})
        self._send("pay", history.PAY, path, choose)
        answer = self._send("start", history.START, path, START)
        started = _decode(answer.body)
        if not late:
            self._acknowledged("start", answer)
        if self._dice.random() < CANCELS_FIRST and not late:
            self._send("end", history.CANCEL, path)
        gateway.charge(
            Paying(
                system=system,
                order=order,
                token=started["payment"]["redirect_url"].rpartition("customer=")[2],
                worth=Decimal(started["values"]["full"]),
            )
        )

    def _cancel(self, path: str, order: str) -> None:
        self._send("end", history.CANCEL, path)
        self.unfinished = AcknowledgedResult(order, Status.CANCELED)

    def _acknowledged(self, step: str, answer: Answer) -> Shown:
        """Record the acknowledged result of an answer."""
        if answer.status not in (OK, CREATED):
            raise Unexpected(f"{step}: {answer.status}")
        order = _shown(answer.body)
        self.unfinished = AcknowledgedResult(
            order.id, order.status, order.tickets, _version(answer)
        )
        return order

    def _send(self, step: str, kind: str, path: str, body: bytes = b"") -> Answer:
        """Send a request until it is answered: the Idempotency-Key makes retries safe.

        Raises `Gone`, `Unexpected` and, in a checked drill, `LetGo`.
        """
        begun = time.monotonic_ns()
        try:
            answer = self._metadata(step, kind, path, body)
        except (Gone, LetGo):
            self._note(kind, path, begun, None)
            raise
        self._note(kind, path, begun, answer)
        if answer.status not in (OK, CREATED):
            raise Unexpected(f"{kind} {path}: {answer.status} {answer.body[:200]!r}")
        return answer

    def _metadata(self, step: str, kind: str, path: str, body: bytes) -> Answer:
        extra = f"Idempotency-Key: {secrets.token_hex(12)}\r\n"
        deadline = time.monotonic() + BACKOFF_SECONDS
        method = _METHODS.get(kind, "PATCH")
        while True:
            begun = time.perf_counter()
            try:
                answer = self._client.send(method, path, body, extra)
                if answer.status not in (BUSY, TOO_MANY):
                    self.seconds[step].append(time.perf_counter() - begun)
                    return answer
            except Gone as gone:
                if time.monotonic() > deadline:
                    raise
                if self._sale.recent is not None and self._dice.random() < LETS_GO:
                    raise LetGo from gone
            self.retries += 1
            time.sleep(RETRY_SECONDS)

    # What only a checked drill does.

    def _look_around(self) -> None:
        """Read an order of any buyer, and now and then pay for it as well."""
        recent = self._sale.recent
        if not recent:
            return
        if self._dice.random() < READS:
            self._once(history.READ, f"{ORDERS}/{self._dice.choice(recent)}", b"")
        if self._dice.random() < RIVALS:
            self._once(history.PAY, f"{ORDERS}/{self._dice.choice(recent)}", PAY)

    def _once(self, kind: str, path: str, body: bytes) -> None:
        """Send a request once; its outcome is only recorded."""
        begun = time.monotonic_ns()
        try:
            answer = self._client.send(_METHODS.get(kind, "PATCH"), path, body)
        except Gone:
            self._note(kind, path, begun, None)
            self.retries += 1
        else:
            self._note(kind, path, begun, answer)

    def _note(self, kind: str, path: str, begun: int, answer: Answer | None) -> None:
        """Record a call in the history, if one is kept. A create without an answer has no order.

        Orders of the gateway's buyers are left out: its notices change them, too.
        """
        if self._sale.recent is None or self._to_gateway is not None:
            return
        ended: int | None = time.monotonic_ns()
        order = path.removeprefix(ORDERS).removeprefix("/")
        refused, seen = False, None
        if answer is None or answer.status >= NO_ANSWER or answer.status == TOO_MANY:
            ended = None
        elif answer.status == MISSING:
            seen = GONE
        elif answer.status not in (OK, CREATED):
            refused = True
        elif kind != history.CANCEL:
            shown = _held(answer.body)
            order = shown.id
            seen = Seen(shown.status, _version(answer), shown.tickets, self._held_till(shown))
        if order:
            self.calls.append(Call(kind, order, begun, ended, seen, refused, self._seed))

    def _held_till(self, shown: Held) -> int | None:
        if shown.reserved_till is None:
            return None
        return int(shown.reserved_till.timestamp() * 1e9) - self._ahead


_METHODS = {history.CREATE: "POST", history.CANCEL: "DELETE", history.READ: "GET"}


def _version(answer: Answer) -> int:
    return int(answer.headers[b"etag"].strip(b'"'))


def percentile(ordered: Sequence[float], part: float) -> float:
    """The quantile `part` (0 to 1) of sorted values; 0 for none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0
