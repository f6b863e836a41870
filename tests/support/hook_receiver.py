"""A receiver of webhooks as a process of its own, which may be killed at any moment.

`python hook_receiver.py PORT BOOK` writes a line into the book for each message, and then confirms
it. It imports nothing of the service.
"""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

END = " ."
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True)
class Line:
    """What the book says of a message."""

    path: str
    name: str
    position: int
    order: str
    version: int


class ReceiverProcess:
    """The receiver; killed, it can be started again on its port."""

    def __init__(self, book: Path) -> None:
        self.port = 0
        self._book = book
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start; return when it listens."""
        command = [sys.executable, __file__, str(self.port), self._book]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._process.stdout.readline())

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def lines(self) -> list[Line]:
        """The whole lines: a kill may cut one."""
        text = self._book.read_text("utf-8") if self._book.exists() else ""
        whole = [each.split(" ") for each in text.splitlines() if each.endswith(END)]
        return [
            Line(path, name, int(position), order, int(version))
            for path, name, position, order, version, _ in whole
        ]


async def answer(book: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, OSError):
        while True:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (each.partition(": ") for each in lines)
            }
            data = json.loads(await reader.readexactly(int(headers["content-length"])))["data"]
            line = f"{first.split(' ')[1]} {headers['webhook-id']} {data['position']}"
            os.write(book, f"{line} {data['order']} {data['version']}{END}\n".encode())
            writer.write(OK)
            await writer.drain()
    writer.close()


async def serve(port: int, book: int) -> None:
    server = await asyncio.start_server(
        lambda reader, writer: answer(book, reader, writer), "127.0.0.1", port
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(
        serve(int(sys.argv[1]), os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT))
    )
