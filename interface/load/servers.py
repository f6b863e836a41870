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
from interface.load.processor_time import processor_seconds

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

    @property
    def pid(self) -> int | None:
        """Its number; None before it was started."""
        return None if self._process is None else self._process.pid

    def kill(self) -> None:
        """Send SIGKILL to all its processes: they cannot finish or clean up."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._caretaker.ended(self._process.pid)


class Server(OwnProcess):
    """A command that listens on a port. Its processor time is counted from when it answers."""

    def __init__(
        self, command: list[str], port: int, environment: Mapping[str, str], caretaker: Caretaker
    ) -> None:
        super().__init__(command, environment, caretaker)
        self.port = port
        self._before_kills = 0.0
        self._of_the_start: float | None = None

    def processor_seconds(self) -> float | None:
        """What all its processes have used, also those that were killed; None if not known."""
        used = None if self.pid is None else processor_seconds(self.pid)
        if used is None or self._of_the_start is None:
            return None
        return self._before_kills + used - self._of_the_start

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
                self._of_the_start = processor_seconds(process.pid)
                return

    def kill(self) -> None:
        """Send SIGKILL to all its processes, and keep what they have used."""
        self._before_kills = self.processor_seconds() or self._before_kills
        self._of_the_start = None
        super().kill()

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
