"""What the processes of a server run, each over services of its own."""

import asyncio
import gc
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import uvloop
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server

from application.bootstrap import build
from application.runtime.restart_figures import RestartBoard
from application.runtime.tracing import tracing
from application.settings import Settings
from interface.http.monitoring import Monitoring
from interface.server.cores import CoreAffinity
from interface.server.draining import Traffic, drain, end_unread_connections, listens_on
from interface.server.flask_app import create_app
from interface.server.heads import MOST_HEAD_BYTES
from interface.server.logs import configure
from interface.server.rsgi import RsgiService

BACKLOG = 2048
"""How many connections may wait to be accepted."""
SWITCH_SECONDS = 0.001
"""After so long a thread that computes lets another run: by default the event loop, which answers
most calls, waits five times as long for each of them."""
SPARE_FILES = 256
"""Open files of a process that are not for connections of clients."""


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """The address of all processes that answer, their number, and their restarts.

    `sandbox` is where the sandbox sends its notices; empty for none. A successor `checks_secret`
    of keys before it serves: the process that it is to replace still has a good one.
    """

    host: str
    port: int
    workers: int
    restarts: RestartBoard
    sandbox: str = ""
    checks_secret: bool = False


def answer_requests(
    settings: Settings, listening: Listening, core: int | None, serves: Callable[[], None]
) -> None:
    """Answer requests until SIGTERM, and finish those that have come; `serves` reports it does.

    On one `core`, if it is named.
    """
    if core is not None:
        CoreAffinity(core).start()
    with answering(settings, listening) as service:
        uvloop.run(_serve(service, settings, listening, serves))


async def _serve(
    service: RsgiService, settings: Settings, listening: Listening, serves: Callable[[], None]
) -> None:
    """Serve on this thread's loop.

    The library calls the service when it begins to, listens at once after that, and then lets the
    loop go on.
    """
    loop = asyncio.get_running_loop()
    server = Server(
        service,
        address=listening.host,
        port=listening.port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=round(settings.head_seconds * 1000),
            max_buffer_size=MOST_HEAD_BYTES,
        ),
        backlog=BACKLOG,
        backpressure=connections_of(settings, listening.workers),
        websockets=False,
        ssl_cert=file_of(settings.tls_cert),
        ssl_key=file_of(settings.tls_key),
        ssl_protocol_min=SSLProtocols.tls12,
        log_enabled=False,
    )
    draining: list[asyncio.Task[None]] = []

    def stop() -> None:
        if not draining:
            ending = drain(listening.port, service.traffic, server.stop)
            draining.append(loop.create_task(ending))

    def check_that_it_serves() -> None:
        if listens_on(listening.port):
            end_unread_connections(listening.port, settings.body_seconds)
            serves()

    loop.add_signal_handler(signal.SIGTERM, stop)
    service.when_begun(check_that_it_serves)
    await server.serve()


def file_of(name: str) -> Path | None:
    """The file of a setting; None if none is named."""
    return Path(name) if name else None


def connections_of(settings: Settings, workers: int) -> int:
    """How many connections a process has at most: as set, and as the system allows open files."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    share = settings.connections // workers
    return max(1, share if allowed == resource.RLIM_INFINITY else min(share, allowed - SPARE_FILES))


def work_in_background(settings: Settings, works: Callable[[], None]) -> None:
    """Work behind the requests until SIGTERM; `works` reports that it does."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    with background_worker(settings):
        spare_what_lives_long()
        works()
        stopping.wait()


@contextmanager
def answering(settings: Settings, listening: Listening) -> Iterator[RsgiService]:
    """The application; at the end all is closed."""
    configure(settings.log_level, settings.log_format)
    with tracing(settings.traces_to), closing(build(settings)) as services:
        catalog = services.catalog.current()
        if listening.checks_secret and catalog.keys:
            services.key_secret.check(catalog.key_secret)
        services.start_for_requests()
        traffic = Traffic()
        monitoring = Monitoring(services, listening.restarts, lambda: traffic.draining)
        app = create_app(services, monitoring, listening.sandbox)
        service = RsgiService(app, services, monitoring, traffic)
        spare_what_lives_long()
        sys.setswitchinterval(SWITCH_SECONDS)
        monitoring.start()
        try:
            yield service
        finally:
            monitoring.stop()


@contextmanager
def background_worker(settings: Settings) -> Iterator[None]:
    """The background work: projections, the ends of holds, and signed checkpoints."""
    configure(settings.log_level, settings.log_format)
    with tracing(settings.traces_to), closing(build(settings)) as services:
        services.start_background_work()
        yield


def spare_what_lives_long() -> None:
    """Have the garbage collector ignore all present objects, and run less often.

    A request leaves next to no garbage that only the collector finds; looking for it after every
    seven hundred allocations cost a twelfth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
