"""Two ways to a service in this process: the event loop's adapter, and Flask's alone."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import NamedTuple

from seller import KEYS, ORGANISER


class Answer(NamedTuple):
    status: int
    headers: list
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Headers(list):
    """A request's headers as the server hands them over."""

    def items(self):
        return list(self)

    def keys(self):
        return [name for name, _ in self]


class Scope(NamedTuple):
    method: str
    path: str
    query_string: str
    headers: Headers
    http_version: str = "1.1"
    client: str = "127.0.0.1:40000"
    scheme: str = "http"
    authority: str | None = None


class Protocol:
    """One exchange, as the server's event loop sees it."""

    def __init__(self, body):
        self._body = body
        self.answer = None

    async def __call__(self):
        return self._body

    async def __aiter__(self):
        yield self._body

    def response_bytes(self, status, headers, body):
        self.answer = Answer(status, headers, bytes(body))


@contextmanager
def on_the_loop(service):
    """Ask through the event loop's adapter, in a thread of its own: a test may have a loop."""
    thread = ThreadPoolExecutor(1)
    loop = asyncio.new_event_loop()
    loop.call_soon(service.__rsgi_init__, loop)

    async def exchange(scope, protocol):
        await asyncio.wait_for(service.__rsgi__(scope, protocol), 30)

    def send(method, path, query, headers, body):
        protocol = Protocol(body)
        scope = Scope(method, path, query, Headers(headers))
        thread.submit(lambda: loop.run_until_complete(exchange(scope, protocol))).result()
        return protocol.answer

    with closing(loop), thread:
        yield send


def by_flask(app):
    """Ask Flask's adapter alone."""
    client = app.test_client()

    def send(method, path, query, headers, body):
        answer = client.open(path, method=method, query_string=query, headers=headers, data=body)
        return Answer(answer.status_code, list(answer.headers), answer.get_data())

    return send


def asker(send):
    """The function that a play asks by."""

    def ask(method, path, body=None, *, data=None, key=KEYS[ORGANISER], headers=None):
        path, _, query = path.partition("?")
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        sent.setdefault("host", "localhost")
        if body is not None:
            data = json.dumps(body).encode()
            sent["content-type"] = "application/json"
        if key is not None:
            sent["authorization"] = f"key {key}"
        if data is not None:
            sent["content-length"] = str(len(data))
        return send(method, path, query, list(sent.items()), data or b"")

    return ask
