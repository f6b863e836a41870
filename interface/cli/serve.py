"""`orderlog serve`: the service over HTTP."""

import platform
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec

from interface.cli.shared.keys import renew
from interface.cli.shared.session import Session, database_option, number


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@number("--port", 8080, 0, 65535, "The port to listen on; 0 takes a free one.")
@number("--workers", 1, 1, 64, "Server processes.")
@click.option("--sample", is_flag=True, help="Load the sample catalogue.")
@database_option
def serve(session: Session, host: str, port: int, workers: int, *, sample: bool) -> None:
    """Serve orders over HTTP.

    It runs until SIGTERM or SIGINT (Ctrl-C), and then finishes in-flight requests.
    """
    from interface.server.processes import CannotStart, Processes  # noqa: PLC0415 - see session.py

    settings = session.settings
    settings = msgspec.structs.replace(settings, sample=sample or settings.sample)
    with reserved(host, port) as (address, free):
        summary = prepare(session, sample=settings.sample)
        where = f"[{address}]:{free}" if ":" in address else f"{address}:{free}"
        line = f"Orderlog listens on http://{where}, on {settings.database}, with {summary}."
        processes = Processes(settings, address, free, workers, lambda: click.echo(line))
        try:
            processes.run()
        except CannotStart as reason:
            session.refuse(reason)


@contextmanager
def reserved(host: str, port: int) -> Iterator[tuple[str, int]]:
    """The address of `host`, and `port` or a free one for 0, kept for this server alone.

    Server processes share a port, and the system would let another server share it as well. So the
    parent binds it first, exclusively. Raises `OSError` when it cannot be listened on.
    """
    with socket_on(host, port) as ours:
        found = ours.getsockname()[:2]
        if platform.system() == "Linux":
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        else:
            ours.close()
        yield found


def socket_on(host: str, port: int) -> socket.socket:
    """A socket bound exclusively to an address and port. Raises `OSError`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        ours = socket.socket(family, socket.SOCK_STREAM)
        try:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            ours.bind(address)
        except OSError:
            ours.close()
            raise
    except OSError as error:
        raise OSError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    return ours


def prepare(session: Session, *, sample: bool) -> str:
    """Make the tables, load the sample if requested, and return a summary of what is for sale."""
    from application.bootstrap import build  # noqa: PLC0415 - see session.py
    from application.catalog.loading import load_sample  # noqa: PLC0415
    from interface.server.logs import configure  # noqa: PLC0415

    configure(session.settings.log_level)
    services = build(session.settings)
    try:
        renew(services)
        if sample:
            load_sample(services.store, services.clock(), services.key_secret)
        services.look_back()
        catalog = services.catalog.current()
        if catalog.keys:
            services.key_secret.check(catalog.key_secret)
    finally:
        services.close()
    tickets = sum(each.amount for show in catalog.shows.values() for each in show.sets)
    if not catalog.shows:
        return "an empty catalogue (orderlog catalog load FILE)"
    return f"{len(catalog.shows)} events, {tickets} tickets and {len(catalog.partners)} partners"
