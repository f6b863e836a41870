"""The head of a request: as WSGI has it, and what is refused of it before any work.

The server library takes HTTP/1 only, at most a hundred headers, and reads at most
`MOST_HEAD_BYTES` before it refuses a head that does not end. What it read in one piece may be
larger, so the size is checked here again.
"""

import re
import sys

from granian.rsgi import Scope

from interface.http.exchange import Environ
from interface.http.problems import BAD_HOST, HEAD_TOO_LARGE, Problem

MOST_HEAD_BYTES = 65_536
HOST = re.compile(r"[\w.~!$&'()*+;=:\[\]%-]+\Z", re.ASCII)
"""One host, perhaps with a port, by its characters. Two of them are joined by a comma."""
NAMES = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
"""The names of headers in WSGI: at first those that are not HTTP_ and the name, then all known."""
MOST_NAMES = 200
UNREADABLE = "\ufffd"
"""The value of a header that is not ASCII: the server keeps it for itself."""


def environ_of(scope: Scope) -> Environ:
    """A request's head as WSGI has it. The values of a repeated header are joined, once."""
    environ: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin1"),
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": "orderlog",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    headers = scope.headers
    repeated: dict[str, list[str]] = {}
    for name, value in headers.items():
        wsgi_name = NAMES.get(name) or wsgi_name_of(name)
        if wsgi_name in environ:
            repeated.setdefault(wsgi_name, [environ[wsgi_name]]).append(value)
        else:
            environ[wsgi_name] = value
    for wsgi_name, values in repeated.items():
        environ[wsgi_name] = ("; " if wsgi_name == "HTTP_COOKIE" else ",").join(values)
    for name in headers.keys():  # noqa: SIM118 - only keys() has headers without a value
        environ.setdefault(NAMES.get(name) or wsgi_name_of(name), UNREADABLE)
    if scope.authority is not None:
        put_host_of_target(environ, scope.authority)
    return environ


def put_host_of_target(environ: Environ, host: str) -> None:
    """Replace a good Host by the one in the target, if it has one (RFC 9112, 3.2.2).

    A bad or missing Host stays: it is refused whatever the target says.
    """
    if fault_of_head(environ) is None:
        environ["HTTP_HOST"] = host


def wsgi_name_of(name: str) -> str:
    """The name of a header in WSGI."""
    wsgi_name = "HTTP_" + name.upper().replace("-", "_")
    if len(NAMES) < MOST_NAMES:
        NAMES[name] = wsgi_name
    return wsgi_name


def fault_of_head(environ: Environ) -> Problem | None:
    """Why a request is refused by its head alone."""
    if size_of(environ) > MOST_HEAD_BYTES:
        return HEAD_TOO_LARGE
    host = environ.get("HTTP_HOST")
    if host is None:  # HTTP/1.0 knows no Host; health checks are still written in it
        return None if environ["SERVER_PROTOCOL"] == "HTTP/1" else BAD_HOST
    return None if HOST.match(host) else BAD_HOST


def size_of(environ: Environ) -> int:
    """How large a head is about, in bytes."""
    return sum(len(value) for value in environ.values() if type(value) is str)
