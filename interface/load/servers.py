"""The server processes of a drill: started, killed without warning, started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping

from interface.load.caretaker import Caretaker
from interface.load.client import Client, Gone

START_SECONDS = 30.0
STOP_SECONDS = 40


class OwnProcess:
    """A command in a process group of its own, which can be started again when it was killed."""

    def __init__(
        self, command: list[str], environment: Mapping[str, str], caretaker: Caretaker
    ) -> None:
        """`command` goes to this Python; `environment` adds to the present one."""
        self._caretaker = caretaker
        self._command = [sys.executable, *command]
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> "subprocess.Popen[bytes]":
        """Start it."""
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            self._command,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._caretaker.started(self._process.pid)
        return self._process

    def kill(self) -> None:
        """Send SIGKILL to all its processes: they cannot finish or clean up."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._caretaker.ended(self._process.pid)


class Server(OwnProcess):
    """A command that listens on a port."""

    def __init__(
        self, command: list[str], port: int, environment: Mapping[str, str], caretaker: Caretaker
    ) -> None:
        super().__init__(command, environment, caretaker)
        self.port = port

    def start(self, path: str) -> None:
        """Start, and return when a request for `path` is answered. Raises `OSError`."""
        process = self.run()
        deadline = time.monotonic() + START_SECONDS
        client = Client("127.0.0.1", self.port, {})
        while True:
            try:
                client.send("GET", path)
            except Gone as gone:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise OSError("The server of the drill did not start.") from gone
                time.sleep(0.02)
            else:
                client.close()
                return

    def stop(self) -> None:
        """Send SIGTERM, and SIGKILL to what is left after a while."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
            self._caretaker.ended(self._process.pid)
        except subprocess.TimeoutExpired:
            self.kill()


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
