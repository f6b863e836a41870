"""`orderlog serve`: the service over HTTP."""

import os
import socket
import threading
import time
from http.client import HTTPConnection, HTTPException
from typing import Any

import click

from interface.cli.session import Session, database_option

READY_SECONDS = 30.0
DRAIN_SECONDS = 30
BACKLOG = 2048


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port to listen on; 0 takes a free one.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Server processes.",
)
@click.option("--sample", is_flag=True, help="Load the sample catalogue.")
@database_option
def serve(session: Session, host: str, port: int, workers: int, *, sample: bool) -> None:
    """Serve orders over HTTP until SIGTERM or SIGINT; requests under way are finished."""
    from granian.constants import Interfaces  # noqa: PLC0415 - only this command needs the server
    from granian.server.mp import MPServer  # noqa: PLC0415

    class Server(MPServer):
        def startup(self, *workers: Any) -> None:
            """Announce from a thread that starts after the workers: a fork copies held locks."""
            super().startup(*workers)  # type: ignore[no-untyped-call] # granian types no methods
            threading.Thread(target=announce, args=(host, port, line), daemon=True).start()

    settings = session.settings
    port = free_port(host, port)
    summary = prepare(session, sample=sample or settings.sample)
    os.environ["ORDERLOG_DATABASE"] = settings.database
    line = f"Orderlog listens on http://{host}:{port}, on {settings.database}, with {summary}."
    Server(
        "interface.http.wsgi:create",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers,
        blocking_threads=settings.threads,
        backlog=BACKLOG,
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_SECONDS,
    ).serve()


def free_port(host: str, port: int) -> int:
    """`port`, or a free one for 0. Raises `OSError` when it cannot be listened on."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
        return int(probe.getsockname()[1])


def prepare(session: Session, *, sample: bool) -> str:
    """Make the tables, load the sample if it is wished, and say what is for sale."""
    from application.bootstrap import build  # noqa: PLC0415 - see session.py
    from application.catalog_loading import load_sample  # noqa: PLC0415
    from application.clock import now  # noqa: PLC0415

    services = build(session.settings)
    try:
        if sample:
            load_sample(services.store, now())
        catalog = services.catalog.current()
    finally:
        services.close()
    tickets = sum(each.amount for show in catalog.shows.values() for each in show.sets)
    if not catalog.shows:
        return "an empty catalogue (orderlog catalog load FILE)"
    return f"{len(catalog.shows)} events, {tickets} tickets and {len(catalog.partners)} partners"


def announce(host: str, port: int, line: str) -> None:
    """Print `line` once the service answers: then it is true."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            connection = HTTPConnection(host, port, timeout=READY_SECONDS)
            connection.request("GET", "/health/live")
            connection.getresponse().read()
        except (OSError, HTTPException):
            time.sleep(0.02)
        else:
            click.echo(line)
            return
