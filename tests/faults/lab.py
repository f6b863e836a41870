"""What experiments are made of: a service that can be killed and halted, and a crowd that buys."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec
from shop import Broken, Place, check_read_models, refuse

from application.integrity.sale_proof import prove
from application.integrity.workers import here
from application.settings import Settings
from interface.load.buyers import RECENT, Buyer, OnSale
from interface.load.client import Answer, Client, Gone
from interface.load.rush import EVENT, SET, checked, opened, put_on_sale
from interface.load.servers import free_port

SECONDS = 60
TICKETS = 20_000
BUYERS = 6
ANSWER_SECONDS = 90.0
"""Longer than a server that stalls takes to answer after all."""

HOST = "127.0.0.1"
ORDERLOG = (sys.executable, "-m", "interface.cli.main")
ORDERS = "/v1/resources/orders"


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

    @contextmanager
    def serving(self, *options: str, **environment: str):
        """The service, ended whatever happens."""
        service = Service(self.place, options, environment)
        try:
            service.start()
            yield service
        finally:
            service.kill()

    @contextmanager
    def selling(self, service: "Service", buyers: int = BUYERS):
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
        return subprocess.run(
            (*ORDERLOG, "--database", url or self.place.url, *arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env={**os.environ, "ORDERLOG_AUDIT_KEY": self.place.audit_key},
            check=False,
        )

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


class Service:
    """`orderlog serve` on one port, in a process group of its own, started at will."""

    def __init__(self, place: Place, options=(), environment=None) -> None:
        self.port = free_port()
        self._environment = {
            **os.environ,
            "ORDERLOG_AUDIT_KEY": place.audit_key,
            "ORDERLOG_CHECKPOINT_SECONDS": "1",
            "ORDERLOG_LOG_LEVEL": "WARNING",
            **(environment or {}),
        }
        self._serve = ("serve", "--port", str(self.port), *options)
        self.move_to(place)
        self._log = place.folder / f"server-{self.port}.log"
        self._process: subprocess.Popen | None = None

    def move_to(self, place: Place) -> None:
        """Serve another database from the next start on."""
        self._command = (*ORDERLOG, "--database", place.url, *self._serve)

    def start(self, **environment: str) -> None:
        """Start; return when it answers."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                self._command,
                env={**self._environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        wait_until(
            lambda: self.status("/health/live") == 200 or self._process.poll() is not None,
            "the service does not start",
        )
        if self._process.poll() is not None:
            raise Broken(f"the service does not start: {self.log()[-500:]}")

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def ask(self, method: str, path: str, key: str = "", body: bytes = b"", seconds=30.0) -> Answer:
        """Ask once, on a connection of its own. Raises `Gone`."""
        client = Client(HOST, self.port, {"Authorization": f"key {key}"}, seconds)
        try:
            return client.send(method, path, body)
        finally:
            client.close()

    def status(self, path: str) -> int | None:
        try:
            return self.ask("GET", path).status
        except Gone:
            return None

    def took(self, path: str, key: str = "") -> float:
        """How many seconds an answer takes; for ever is counted as the client's timeout."""
        begun = time.monotonic()
        with suppress(Gone):
            self.ask("GET", path, key)
        return time.monotonic() - begun

    def order(self, key: str, query: str = "") -> Answer | None:
        """Try to make an order with a ticket."""
        body = msgspec.json.encode({"event": EVENT, "random": {SET: 1}})
        try:
            return self.ask("POST", ORDERS + query, key, body)
        except Gone:
            return None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all its processes."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """SIGKILL to all its processes, also where the parent has gone before them."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(SECONDS)

    def stop(self) -> int:
        """SIGTERM; return the exit code."""
        self._process.terminate()
        return self._process.wait(SECONDS)

    def sellers(self) -> list[int]:
        """Its processes that answer requests; the first child works behind them."""
        return self.children()[1:]

    def children(self) -> list[int]:
        pid = self._process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [int(each) for each in listed.split()]


class Crowd:
    """The drill's buyers, who go on through every fault and keep all their calls and answers."""

    def __init__(self, port: int, key: str, seed: int, count: int) -> None:
        recent: deque[str] = deque(maxlen=RECENT)
        sale = OnSale(HOST, port, key, EVENT, SET, float("inf"), recent)
        self.buyers = [Buyer(sale, seed + number) for number in range(count)]
        for buyer in self.buyers:
            buyer._client._seconds = ANSWER_SECONDS
            buyer.start()

    @property
    def made(self) -> int:
        return sum(buyer.created for buyer in self.buyers)

    @property
    def acknowledged_results(self):
        return [
            acknowledged
            for buyer in self.buyers
            for acknowledged in buyer.acknowledged_results.values()
        ]

    @property
    def trouble(self) -> list[str]:
        return [buyer.trouble for buyer in self.buyers if buyer.trouble]

    def goes_on(self, orders: int = 20) -> None:
        """Wait until so much more was sold."""
        enough = self.made + orders
        wait_until(lambda: self.made >= enough or self.trouble, "nothing is sold")

    def close(self) -> None:
        """Have the buyers finish what they do; then wait for them."""
        for buyer in self.buyers:
            buyer._sale = msgspec.structs.replace(buyer._sale, until=0.0)
        for buyer in self.buyers:
            buyer.join(2 * SECONDS)
            if buyer.is_alive():
                buyer.trouble = "a buyer waits for an answer that does not come"


def wait_until(true, why: str, seconds: float = SECONDS):
    """Ask again and again until it is so; return what was answered. Raises `Broken`."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > deadline:
            raise Broken(why)
        time.sleep(0.02)
    return found


def words(text: str) -> str:
    """A reason in one line."""
    return re.sub(r"\s+", " ", text)[:300]
