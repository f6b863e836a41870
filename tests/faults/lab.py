"""What experiments are made of: a service that can be killed and halted, and a crowd that buys."""

import random
import re
import subprocess
import time
from collections import deque
from contextlib import ExitStack, contextmanager
from http.client import HTTPException

import msgspec
from polling import until
from server import ORDERS, Answer, Service, orderlog
from shop import Place, check_read_models, refuse

from application.integrity.sale_proof import prove
from application.integrity.workers import here
from application.settings import Settings
from interface.load.acknowledged import AcknowledgedResults
from interface.load.buyers import RECENT, Buyer, OnSale
from interface.load.put_on_sale import for_sale
from interface.load.rush import checked, opened, put_on_sale

TICKETS = 20_000
BUYERS = 6
ANSWER_SECONDS = 90.0
"""Longer than a server that stalls takes to answer after all."""

QUIET = {"ORDERLOG_CHECKPOINT_SECONDS": "1", "ORDERLOG_LOG_LEVEL": "WARNING"}


class NotHere(Exception):
    """The experiment needs what this version or this machine has not got."""


class Lab:
    """One experiment's place, dice and count of faults; all that it starts ends with it."""

    def __init__(self, place: Place, seed: int, stack: ExitStack, server=None) -> None:
        self.place = place
        self.dice = random.Random(seed)
        self.server = server
        self.faults = 0
        self.key = ""
        self._services = 0
        self.keep = stack.enter_context

    def at(self, url: str) -> "Lab":
        """The same experiment at another database."""
        self.place = Place(url, self.place.folder)
        return self

    @property
    def settings(self) -> Settings:
        return Settings(database=self.place.url, audit_key=self.place.audit_key, sample=True)

    def open(self) -> None:
        """Put the drill's tickets on sale."""
        self.key = put_on_sale(self.settings, TICKETS)

    def serving(self, *options: str, **environment: str) -> "Attacked":
        """A service that sells the drill's tickets, killed at the end."""
        self._services += 1
        log = self.place.folder / f"server-{self._services}.log"
        environment = QUIET | {"ORDERLOG_AUDIT_KEY": self.place.audit_key} | environment
        service = Attacked(self.place.url, log, *options, **environment)
        service.key = self.key
        return service

    @contextmanager
    def selling(self, service: Service, buyers: int = BUYERS):
        """A crowd that has bought something; at the end its last answers have come."""
        crowd = Crowd(service.port, self.key, self.dice.randrange(1 << 30), buyers)
        try:
            crowd.goes_on()
            yield crowd
        finally:
            crowd.close()

    def pause(self, most: float = 0.5) -> None:
        """Let the fault come at a moment that nobody chose."""
        time.sleep(self.dice.random() * most)

    def run(self, *arguments: str, url: str | None = None) -> subprocess.CompletedProcess:
        """Run a command of ours to its end."""
        database = ("--database", url or self.place.url)
        return orderlog(*database, *arguments, ORDERLOG_AUDIT_KEY=self.place.audit_key)

    def has(self, *command: str) -> None:
        """Raise `NotHere` where there is no such command or option."""
        found = self.run(*command, "--help")
        if found.returncode:
            raise NotHere(f"there is no orderlog {' '.join(command)}")

    def check(self, crowd: "Crowd") -> None:
        """Everything that was acknowledged holds, and every history is linearizable."""
        refuse(crowd.trouble, "a buyer was answered what no buyer should be")
        with opened(self.settings) as services:
            proof = prove(
                services.store, here(services.store), crowd.acknowledged_results, lambda *_: None
            )
            refuse(proof.oversold, "sold twice")
            refuse(proof.lost, "acknowledged and missing")
            refuse(proof.stranded + proof.wrong, "audit verify")
            refuse(checked(services, crowd.buyers, lambda *_: None).bad, "not linearizable")
            check_read_models(services.store)


class Attacked(Service):
    """A service that may be dead, halted or stalled when it is asked."""

    def close(self) -> None:
        self.kill()

    def attempt(self, method: str, path: str, body=None, **headers: str) -> Answer | None:
        """The answer, or None where none came."""
        try:
            return self.call(method, path, body, **headers)
        except (OSError, HTTPException):
            return None

    def status(self, path: str) -> int | None:
        answer = self.attempt("GET", path)
        return answer and answer.status

    def took(self, path: str) -> float:
        """How many seconds an answer takes; for ever is counted as the client's timeout."""
        begun = time.monotonic()
        self.attempt("GET", path)
        return time.monotonic() - begun

    def buy(self, query: str = "") -> Answer | None:
        """Try to make an order with a ticket."""
        [show] = for_sale()
        wanted = {"event": show.event, "random": {show.ticket_set: 1}}
        return self.attempt("POST", ORDERS + query, wanted)


class Crowd:
    """The drill's buyers, who go on through every fault and keep all their calls and answers."""

    def __init__(self, port: int, key: str, seed: int, count: int) -> None:
        recent: deque[str] = deque(maxlen=RECENT)
        sale = OnSale(
            host="127.0.0.1",
            port=port,
            key=key,
            events=for_sale(),
            until=float("inf"),
            acknowledged=AcknowledgedResults(),
            recent=recent,
        )
        self._acknowledged = sale.acknowledged
        self.buyers = [Buyer(sale, seed + number) for number in range(count)]
        for buyer in self.buyers:
            buyer._client._seconds = ANSWER_SECONDS
            buyer.start()

    @property
    def made(self) -> int:
        return sum(buyer.created for buyer in self.buyers)

    @property
    def acknowledged_results(self):
        going_on = [buyer.unfinished for buyer in self.buyers]
        return [*self._acknowledged, *(each for each in going_on if each is not None)]

    @property
    def trouble(self) -> list[str]:
        return [buyer.trouble for buyer in self.buyers if buyer.trouble]

    def goes_on(self, orders: int = 20) -> None:
        """Wait until so much more was sold."""
        enough = self.made + orders
        until(lambda: self.made >= enough or self.trouble, "nothing is sold")

    def close(self) -> None:
        """Have the buyers finish what they do; then wait for them."""
        for buyer in self.buyers:
            buyer._sale = msgspec.structs.replace(buyer._sale, until=0.0)
        for buyer in self.buyers:
            buyer.join(120)
            if buyer.is_alive():
                buyer.trouble = "a buyer waits for an answer that does not come"


def words(text: str) -> str:
    """A reason in one line."""
    return re.sub(r"\s+", " ", text)[:300]
