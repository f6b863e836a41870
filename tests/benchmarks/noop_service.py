"""The measure of all things HTTP: a Flask route that does nothing, under the service's server."""

import sys

from flask import Flask
from granian.constants import Interfaces
from granian.server.mp import MPServer

from application.settings import Settings
from interface.server.running import BACKLOG

app = Flask(__name__)


@app.route("/noop", methods=["GET", "POST", "PATCH"])
def noop():
    return b"{}"


if __name__ == "__main__":
    MPServer(
        "noop_service:app",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        workers=int(sys.argv[2]),
        blocking_threads=Settings().threads,
        backlog=BACKLOG,
        websockets=False,
        log_enabled=False,
    ).serve()
