"""A real `orderlog serve` process, and a client that talks to it over a socket."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ORDERLOG = (sys.executable, "-m", "interface.cli.main")
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
    """A running service: the line it said, and what it logs."""

    def __init__(self, process: subprocess.Popen, line: str, database: str, log: Path) -> None:
        self.process = process
        self.line = line
        self.database = database
        self.host, port = re.search(r"http://([^ ]+):(\d+)", line).groups()
        self.port = int(port)
        self._log = log

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
        """Send a request with the sample's key; a header's name has _ for -."""
        said = {"Authorization": f"key {KEY}", "Content-Type": "application/json"}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, path, said, body)

    def order(self) -> str:
        """Create an order without tickets; return its id."""
        answer = self.call("POST", ORDERS, EMPTY_ORDER)
        assert answer.status == 201
        return answer.body["id"]

    def complaints(self) -> str:
        """All that went to standard error."""
        return self._log.read_text(encoding="utf-8")

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

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop; return its exit code when it has."""
        self.process.send_signal(by)
        return self.process.wait(SECONDS)


@contextmanager
def serving(
    database: str, log: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """A service on a free port with the sample catalogue; stopped whatever happens."""
    with starting("--database", database, *options, log=log, environment=environment) as process:
        readable, _, _ = select.select([process.stdout], [], [], SECONDS)
        line = process.stdout.readline() if readable else ""
        assert line, f"it did not start: {log.read_text(encoding='utf-8')}"
        yield Service(process, line.strip(), database, log)


@contextmanager
def starting(
    *options: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen]:
    """A service that begins to start, with `environment` besides that of the tests."""
    with (
        log.open("a") as errors,
        subprocess.Popen(
            (*ORDERLOG, "serve", "--port", "0", "--sample", *options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=log.parent,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(SECONDS)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


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
