"""A real `orderlog serve` process, and a client that talks to it over a socket."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

from application.catalog.cache import REFRESH_SECONDS

ORDERLOG = (sys.executable, "-m", "interface.cli.main")
KEY_ASKED_SECONDS = 0.25
SECONDS = 60
KEY = "047bdb8bcee44d3693371920aaf9135c"
PARTNER = "56810047f06c5a6ac62f4e1d"
EVENT = "56a6253df06c5a059a93802e"
ORDERS = "/v1/resources/orders"
EMPTY_ORDER = {"event": EVENT}


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers are in small letters."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


class Service:
    """`orderlog serve` on a database: what it said when it answered, and what it logs.

    It has a process group of its own. Killed or stopped, it can be started again, on its port.
    """

    def __init__(self, database: str, log: Path, *options: str, **environment: str) -> None:
        self.database = database
        self.host, self.port = "127.0.0.1", 0
        self.line = ""
        self.key = KEY
        self.process: subprocess.Popen | None = None
        self._log = log
        self._options = options
        self._environment = environment

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, **environment: str) -> None:
        """Start, with `environment` besides its own; return when it answers."""
        self.begin(**environment)
        readable, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        self.line = self.process.stdout.readline().strip() if readable else ""
        if not self.line:
            self.kill()
            raise AssertionError(f"the service does not start: {self.complaints()[-500:]}")
        self.host, port = re.search(r"https?://([^ ]+):(\d+)", self.line).groups()
        self.port = int(port)

    def begin(self, **environment: str) -> None:
        """Begin to start."""
        self.kill()
        command = ("--database", self.database, "serve", "--port", str(self.port), *self._options)
        with self._log.open("a") as errors:
            self.process = subprocess.Popen(
                (*ORDERLOG, *command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
                env={**os.environ, **self._environment, **environment},
            )

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """Its first process, which makes all others."""
        assert self.process is not None
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to all its processes, also where the first has gone before them."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End all its processes at once."""
        self.signal_all(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(SECONDS)
            self.process.stdout.close()

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop; return its exit code when it has."""
        self.process.send_signal(by)
        return self.process.wait(SECONDS)

    def close(self) -> None:
        """Stop it, whatever has become of it."""
        try:
            if self.alive:
                self.stop()
        finally:
            self.kill()

    def send(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> Answer:
        """Send one request on a connection of its own."""
        connection = HTTPConnection(self.host, self.port, timeout=SECONDS)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, headers, answer.read())
        finally:
            connection.close()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request with its seller's key; a header's name has _ for -."""
        said = {"Authorization": f"key {self.key}", "Content-Type": "application/json"}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, path, said, body)

    def order(self) -> str:
        """Create an order without tickets; return its id."""
        answer = self.call("POST", ORDERS, EMPTY_ORDER)
        assert answer.status == 201
        return answer.body["id"]

    def create_key(self, *options: str) -> str:
        """Make a key for the seller, as an administrator does; return once all processes know it.

        Each of them reads a changed catalogue within a second. They are asked seldom: an unknown
        key counts as a guess.
        """
        made = orderlog(
            *("key", "create", "--partner", PARTNER, *options, "--database", self.database)
        )
        assert made.returncode == 0, made.stderr
        key = made.stdout.split()[-1]
        deadline = time.monotonic() + SECONDS
        time.sleep(REFRESH_SECONDS)
        while self.call("GET", ORDERS, Authorization=f"key {key}").status not in {200, 403}:
            assert time.monotonic() < deadline, "a new key does not work"
            time.sleep(KEY_ASKED_SECONDS)
        return key

    def complaints(self) -> str:
        """All that went to standard error."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def log(self, event: str) -> list[dict[str, Any]]:
        """The lines of its log about one kind of event."""
        lines = [json.loads(line) for line in self.complaints().splitlines()]
        return [line for line in lines if line["event"] == event]

    def workers(self) -> list[int]:
        """Its processes that answer requests."""
        return children(self.process)[1:]

    def behind(self) -> int:
        """Its process that works behind the requests."""
        return children(self.process)[0]

    def listens(self) -> bool:
        try:
            self.connect().close()
        except OSError:
            return False
        return True

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), SECONDS)


def serving(database: str, log: Path, *options: str, **environment: str) -> Service:
    """A service on a free port that sells the sample catalogue."""
    return Service(database, log, "--sample", *options, **environment)


def children(process: subprocess.Popen) -> list[int]:
    """The processes that a process has made."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(each) for each in listed.read_text(encoding="ascii").split()]


def orderlog(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run a command to its end."""
    return subprocess.run(
        (*ORDERLOG, *arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, **environment},
        check=False,
    )
