"""Takes away what a throw-away service leaves when the one who started it is killed.

A process of its own waits until its standard input ends, which is when the starter has ended, in
whatever way. It kills the registered process groups and removes the folder.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self


class Caretaker:
    """A folder to throw away, and the process that removes it if nobody else does."""

    def __init__(self, folder: str, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self._process = process

    def started(self, group: int) -> Self:
        """Have a process group killed that somebody began."""
        self._write(f"+{group}\n")
        return self

    def ended(self, group: int) -> None:
        """Leave alone a group that has ended: its number may be another one's soon."""
        self._write(f"-{group}\n")

    def _write(self, line: str) -> None:
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()


@contextmanager
def throw_away_folder(prefix: str) -> Iterator[Caretaker]:
    """A folder that is gone at the end, even if this process is killed."""
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "interface.load.caretaker", folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:  # noqa: S603 - our own command
            yield Caretaker(folder, process)


def wait_and_clean(folder: str) -> None:
    """Wait until standard input ends; then end what is left, and remove the folder."""
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        group = int(line[1:])
        if line[:1] == b"+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    wait_and_clean(sys.argv[1])
