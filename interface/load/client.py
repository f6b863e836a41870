"""A lean HTTP/1.1 client: a load generator has to cost less than what it measures."""

import socket

import msgspec

ANSWER_SECONDS = 30.0
_END = b"\r\n\r\n"


class Gone(Exception):
    """The connection ended before the answer: it is not known whether the request arrived."""


class Answer(msgspec.Struct, frozen=True):
    """An answer: the status, the headers in lower case, the body."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Client:
    """A connection that is kept open, and reopened when it has ended."""

    def __init__(
        self, host: str, port: int, headers: dict[str, str], seconds: float = ANSWER_SECONDS
    ) -> None:
        """`headers` go with every request; `seconds` is how long an answer may take."""
        self._address = (host, port)
        self._seconds = seconds
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._socket: socket.socket | None = None
        self._read = b""

    def send(self, method: str, path: str, body: bytes = b"", extra: str = "") -> Answer:
        """Send a request and wait for its answer. `extra` is header lines. Raises `Gone`."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._address[0]}\r\n{self._headers}{extra}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            self._connected().sendall(head.encode() + body)
            return self._answer()
        except OSError as error:
            self.close()
            raise Gone(str(error)) from error

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, self._seconds)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _answer(self) -> Answer:
        while (end := self._read.find(_END)) < 0:
            self._receive()
        status, *lines = self._read[:end].split(b"\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        start = end + len(_END)
        length = int(headers.get(b"content-length", b"0"))
        while len(self._read) < start + length:
            self._receive()
        body, self._read = self._read[start : start + length], self._read[start + length :]
        return Answer(int(status.split(b" ", 2)[1]), headers, body)

    def _receive(self) -> None:
        data = self._connected().recv(65536)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        self._read += data

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._read = None, b""
