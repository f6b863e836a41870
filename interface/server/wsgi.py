"""Calls a WSGI application (PEP 3333) and collects its whole answer."""

from collections.abc import Callable, Iterable
from typing import Any

from interface.http.exchange import Environ, Outgoing

Application = Callable[[Environ, Any], Iterable[bytes]]


def call_wsgi(application: Application, environ: Environ) -> Outgoing:
    """The whole answer of a WSGI application. Raises what the application raises."""
    answer = Outgoing(500, [])
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _: object = None
    ) -> Callable[[bytes], None]:
        answer.status, answer.headers = int(status[:3]), list(headers)
        return written.append

    body = application(environ, start_response)
    try:
        written += body
    finally:
        getattr(body, "close", lambda: None)()
    answer.body = b"".join(written)
    return answer
