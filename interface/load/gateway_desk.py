"""The drill's gateway at work: its sender, which is killed in between, and its refunds."""

import base64
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from application.integrity.payment_proof import PaymentProof, prove_payments
from application.ports.store import Store
from domain.money import Balance
from interface.load.caretaker import Caretaker
from interface.load.gateway import Gateway
from interface.load.gateway_sender import KEY_VARIABLE, PREFIX
from interface.load.outbox import Outbox
from interface.load.put_on_sale import PRICE
from interface.load.refunder import Refunder
from interface.load.servers import OwnProcess

SECRET_BYTES = 32
POLL_SECONDS = 0.05
REFUNDERS = 8
"""How many give tickets back at once: one of them waits for three answers for each order."""

KILLED_AT = (0.3, 0.7)
"""The parts of the time after which the sender is killed; the service is killed at half of it."""


class ThroughGateway(msgspec.Struct, frozen=True, kw_only=True):
    """What went through the gateway, and the proof of its money.

    `share` of the orders were paid there. `tries` is how often notices were sent, `kills` how often
    their sender was killed.
    """

    share: float
    buyers: int
    refunds: int
    tries: int
    kills: int
    trouble: list[str]
    proof: PaymentProof

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.proof.holds and not self.trouble


class Desk:
    """The gateway with its outbox, its sender and its refunds."""

    def __init__(self, share: float, caretaker: Caretaker) -> None:
        self._path = Path(caretaker.folder) / "outbox"
        self._path.mkdir()
        self._caretaker = caretaker
        self._secret = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        self._kill_at = list(KILLED_AT)
        self.outbox = Outbox(self._path)
        self.gateway = Gateway(self.outbox, share)
        self.kills = 0
        self.trouble: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """What the service and the sender have to know."""
        return {KEY_VARIABLE: self._secret}

    def open(self, port: int, key: str) -> None:
        """Start to send to the service at a port, and to give tickets back there."""
        command = ["-m", "interface.load.gateway_sender", str(self._path), str(port)]
        self._sender = OwnProcess(command, self.environment, self._caretaker)
        self._sender.run()
        self._refunders = [Refunder(port, key, self.gateway) for _ in range(REFUNDERS)]
        for each in self._refunders:
            each.start()

    def watch(self, part: float) -> None:
        """Kill the sender and start it anew, when it is time for that."""
        self.outbox.look()
        if self._kill_at and part > self._kill_at[0]:
            self._kill_at.pop(0)
            self._sender.kill()
            self._sender.run()
            self.kills += 1

    def finish(self, stall: float, report: Callable[[float], None]) -> None:
        """Have all sent that is to be sent. Give up when for `stall` seconds nothing goes on.

        `report` is called at intervals with the part that is done.
        """
        self.watch(1.0)
        for each in self._refunders:
            each.finish()
        seen, until = None, time.monotonic()
        while self._refunding or self.outbox.waiting:
            left, done = self.outbox.waiting + self._to_refund, self.outbox.answered
            if (left, done) != seen:
                seen, until = (left, done), time.monotonic() + stall
            elif time.monotonic() > until:
                break
            report(done / (done + left + 1))
            time.sleep(POLL_SECONDS)
        self.trouble += [*self._unfinished(), *self.outbox.refused()]

    @property
    def _refunding(self) -> bool:
        return any(each.is_alive() for each in self._refunders)

    @property
    def _to_refund(self) -> int:
        return len(self.gateway.to_refund) + sum(each.left for each in self._refunders)

    def _unfinished(self) -> Iterator[str]:
        if self.outbox.waiting:
            yield f"{self.outbox.waiting} notices were never answered with 200"
        if self._refunding:
            yield "a refund waits for an answer that does not come"
        yield from (each.trouble for each in self._refunders if each.trouble)

    def prove(self, store: Store, totals: Sequence[Balance]) -> ThroughGateway:
        """Compare the log with what was sent."""
        return ThroughGateway(
            share=self.gateway.share,
            buyers=self.gateway.buyers,
            refunds=sum(each.refunds for each in self._refunders),
            tries=self.outbox.tries,
            kills=self.kills,
            trouble=self.trouble,
            proof=prove_payments(store, self.outbox.sent(), PRICE, totals),
        )

    def close(self) -> None:
        """End the sender."""
        self._sender.kill()
