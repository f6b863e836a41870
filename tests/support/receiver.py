"""A receiver of webhooks on loopback, whose answers a test writes byte by byte."""

import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import msgspec


class Received(msgspec.Struct, frozen=True):
    path: str
    headers: dict[str, str]
    body: bytes


def plain(status=200, body=b"ok", **headers):
    """An answer as bytes."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Receiver:
    """Answers each request by `answer(received, writer)`, or with the bytes that it returns."""

    def __init__(self, answer=lambda received, writer: plain()):
        self.answer = answer
        self.received = []
        self.connections = 0
        self.port = 0
        self.scheme = "http"

    def address(self, path="/hook", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    async def handle(self, reader, writer):
        self.connections += 1
        try:
            while (received := await read_request(reader)) is not None:
                self.received.append(received)
                answer = self.answer(received, writer)
                if asyncio.iscoroutine(answer):
                    answer = await answer
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


async def read_request(reader):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if line)
    headers = {name.lower(): value for name, value in headers.items()}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(urlsplit(first.split(" ")[1]).path, headers, body)


@asynccontextmanager
async def receiving(answer=lambda received, writer: plain(), tls=None):
    """A receiver on a free port."""
    receiver = Receiver(answer)
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    receiver.scheme = "https" if tls else "http"
    try:
        yield receiver
    finally:
        server.close()


@contextmanager
def receiver_thread(answer=lambda received, writer: plain()):
    """A receiver on an event loop of its own, for what runs in other threads or processes."""
    started, ended = threading.Event(), threading.Event()
    found = []

    async def run():
        async with receiving(answer) as receiver:
            found.append(receiver)
            started.set()
            while not ended.is_set():  # noqa: ASYNC110 - set by another thread
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    started.wait()
    try:
        yield found[0]
    finally:
        ended.set()
        thread.join()
