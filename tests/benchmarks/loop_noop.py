"""The server's own limit: a handler that does nothing, on an event loop as that of the service.

    python tests/benchmarks/loop_noop.py PORT WORKERS

It reads the body and answers `{}`, in as many processes, without anything of the service.
"""

import asyncio
import multiprocessing
import signal
import sys

import uvloop
from granian._granian import RSGIHTTPProtocol as HTTPProtocol
from granian.constants import HTTPModes, Interfaces
from granian.rsgi import Scope
from granian.server.embed import Server

from interface.server.running import BACKLOG, spare_what_lives_long

HEADERS = [("Content-Type", "application/json; charset=UTF-8")]


async def noop(scope: Scope, protocol: HTTPProtocol) -> None:
    """Answer one request."""
    await protocol()
    protocol.response_bytes(200, HEADERS, b"{}")


async def serve(port: int) -> None:
    """Serve until SIGTERM, with the settings that the service gives its server."""
    server = Server(
        noop,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        backlog=BACKLOG,
        websockets=False,
        log_enabled=False,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    spare_what_lives_long()
    await server.serve()


def serve_alone(port: int) -> None:
    """Serve in a process of its own."""
    uvloop.run(serve(port))


def main() -> None:
    """Serve in so many processes until SIGTERM."""
    port, workers = map(int, sys.argv[1:])
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=serve_alone, args=(port,)) for _ in range(workers)]
    for each in processes:
        each.start()

    def stop(*_: object) -> None:
        for each in processes:
            each.terminate()

    signal.signal(signal.SIGTERM, stop)
    for each in processes:
        each.join()


if __name__ == "__main__":
    main()
