"""Requests and answers as handlers see them, independent of any framework."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from werkzeug.wrappers import Request as Parsed

from application.catalog.access import Caller
from application.documents.json_list import array_of

JSON = "application/json; charset=UTF-8"

Environ = dict[str, Any]
"""The head of a request, as WSGI has it (PEP 3333)."""
Header = tuple[str, str]

_encode = msgspec.json.Encoder().encode


class Incoming:
    """A request: its head, its caller, and a function that reads its body.

    `arguments` are the parts of the path that the route names. `command` is the decoded body, if it
    has been decoded already because it has the usual form.
    """

    __slots__ = ("_parsed", "arguments", "command", "environ", "id", "known_caller", "read_body")

    def __init__(
        self,
        environ: Environ,
        arguments: dict[str, str],
        request_id: str,
        known_caller: Caller | None,
        read_body: Callable[[], bytes],
    ) -> None:
        self.environ = environ
        self.arguments = arguments
        self.id = request_id
        self.known_caller = known_caller
        self.read_body = read_body
        self.command: Any = None
        self._parsed: Parsed | None = None

    @property
    def method(self) -> str:
        """The method, in capital letters."""
        method: str = self.environ["REQUEST_METHOD"]
        return method

    @property
    def caller(self) -> Caller:
        """The caller. Only calls that need no key have none."""
        if self.known_caller is None:
            raise RuntimeError("A call that needs a key was reached without one.")
        return self.known_caller

    @property
    def parsed(self) -> Parsed:
        """The query, the content type and the languages, parsed on first use."""
        if self._parsed is None:
            self._parsed = Parsed(self.environ)
        return self._parsed

    @property
    def full_path(self) -> str:
        """The path with its query, as in fingerprints: always with a question mark."""
        path = self.environ["PATH_INFO"].encode("latin1").decode(errors="replace")
        query = self.environ.get("QUERY_STRING", "").encode("latin1").decode(errors="replace")
        return f"{path}?{query}"


class Outgoing(msgspec.Struct):
    """An answer: its status, its headers in order, its body, and the order it is about."""

    status: int
    headers: list[Header]
    body: bytes = b""
    order: str | None = None


def bytes_answer(
    body: bytes, status: int = 200, headers: tuple[Header, ...] = (), content_type: str = JSON
) -> Outgoing:
    """An answer with an encoded body."""
    length = str(len(body))
    first = [("Content-Type", content_type), ("Content-Length", length)]
    return Outgoing(status, [*first, *headers], body)


def list_answer(entries: Iterable[bytes], headers: tuple[Header, ...] = ()) -> Outgoing:
    """An answer with a JSON array of encoded entries."""
    return bytes_answer(array_of(entries), headers=headers)


def json_answer(document: Any, status: int = 200, headers: tuple[Header, ...] = ()) -> Outgoing:
    """An answer with a JSON body."""
    return bytes_answer(_encode(document), status, headers)
