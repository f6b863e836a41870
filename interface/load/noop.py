"""The baseline of the drill: a Flask route that does nothing, under the service's server."""

import sys

from flask import Flask
from granian.constants import Interfaces
from granian.server.mp import MPServer

from interface.server.running import BACKLOG

THREADS = 1
"""With one thread it answers the most: more of them only compete for the interpreter."""

app = Flask(__name__)


@app.post("/noop")
def noop() -> bytes:
    """Answer."""
    return b"{}"


def serve(port: int, workers: int) -> None:
    """Serve the route until SIGTERM, with as many processes as the service has."""
    MPServer(
        "interface.load.noop:app",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backlog=BACKLOG,
        websockets=False,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
