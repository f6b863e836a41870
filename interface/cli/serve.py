"""`orderlog serve`: the service over HTTP."""

import platform
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

import click
import msgspec

from application.database_address import without_passwords
from application.settings import Settings
from interface.cli.shared.keys import renew
from interface.cli.shared.session import Session, database_option, number

if TYPE_CHECKING:  # see session.py
    from application.bootstrap import Services


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@number("--port", 8080, 0, 65535, "The port to listen on; 0 takes a free one.")
@number("--workers", 1, 1, 64, "Server processes.")
@click.option("--sample", is_flag=True, help="Load the sample catalogue.")
@click.option("--sandbox", is_flag=True, help="Load the sample, with a payment page to try.")
@click.option("--tls-cert", metavar="FILE", help="Serve TLS with this certificate and its chain.")
@click.option("--tls-key", metavar="FILE", help="The private key of the certificate.")
@database_option
def serve(
    session: Session,
    host: str,
    port: int,
    workers: int,
    *,
    sample: bool,
    sandbox: bool,
    tls_cert: str | None,
    tls_key: str | None,
) -> None:
    """Serve orders over HTTP.

    It runs until SIGTERM or SIGINT (Ctrl-C), and then finishes in-flight requests.
    """
    from interface.server.processes import CannotStart, Processes  # noqa: PLC0415 - see session.py

    settings = with_tls(session, tls_cert, tls_key)
    settings = msgspec.structs.replace(settings, sample=sample or sandbox or settings.sample)
    with reserved(host, port) as (address, free):
        where = address_of(settings, address, free)
        own = address_of(settings, _reached_at(address), free) if sandbox else ""
        summary = prepare(session, sample=settings.sample, sandbox=own)
        database = without_passwords(settings.database)
        line = f"Orderlog listens on {where}, on {database}, with {summary}."
        started = partial(click.echo, line)
        processes = Processes(settings, address, free, workers, started, sandbox=own)
        try:
            processes.run()
        except CannotStart as reason:
            session.refuse(reason)


def address_of(settings: Settings, host: str, port: int) -> str:
    """The address of the service as a URL."""
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def with_tls(session: Session, cert: str | None, key: str | None) -> Settings:
    """The settings with these files, or those of the environment. Refuses what is no such pair."""
    settings = session.settings
    tls_cert, tls_key = cert or settings.tls_cert, key or settings.tls_key
    if tls_cert or tls_key:
        if not (tls_cert and tls_key):
            session.refuse("TLS needs a certificate and its key: --tls-cert and --tls-key.")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls_cert, tls_key, no_password)
        except (OSError, ValueError) as error:
            session.refuse(f"TLS cannot be served with {tls_cert} and {tls_key}: {reason(error)}")
    return msgspec.structs.replace(settings, tls_cert=tls_cert, tls_key=tls_key)


def reason(error: OSError | ValueError) -> str:
    """What is wrong with a certificate or its key."""
    if isinstance(error, ssl.SSLError):
        if error.reason == "KEY_VALUES_MISMATCH":
            return "the key is not the certificate's."
        return "one of them is no PEM file of its kind."
    return f"{error.strerror}." if isinstance(error, OSError) else str(error)


def no_password() -> str:
    """Refuse to ask for the password of a key: nobody may be there to answer."""
    raise ValueError("the key has a password.")


def _reached_at(address: str) -> str:
    """Where a service reaches itself: one that listens on every address, on this machine's own."""
    listens = ip_address(address)
    if not listens.is_unspecified:
        return address
    return "127.0.0.1" if listens.version == 4 else "::1"  # noqa: PLR2004 - IPv4


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


def prepare(session: Session, *, sample: bool, sandbox: str = "") -> str:
    """Make the tables, load the sample if requested, and return a summary of what is for sale.

    With the sandbox at an address, its payment system and secret exist, and the database is marked
    as its own; without, such a database is refused.
    """
    from application.bootstrap import build  # noqa: PLC0415 - see session.py
    from application.catalog.sandbox import refuse_sandbox  # noqa: PLC0415
    from application.integrity.checkpointer import check_at_start  # noqa: PLC0415
    from application.settings import BESIDE, PRIVATE  # noqa: PLC0415
    from interface.server.logs import configure  # noqa: PLC0415

    configure(session.settings.log_level)
    services = build(session.settings)
    try:
        if not sandbox:
            refuse_sandbox(services.store, "serve it with --sandbox, or name another database.")
        renew(services)
        load_offers(services, sample=sample, sandbox=sandbox)
        services.look_back()
        if session.settings.checkpoint_seconds:
            named = session.settings.audit_key not in {PRIVATE, BESIDE, ""}
            check_at_start(services.checkpoints, named=named)
        catalog = services.catalog.current()
        if catalog.keys:
            services.key_secret.check(catalog.key_secret)
    finally:
        services.close()
    tickets = sum(each.amount for show in catalog.shows.values() for each in show.sets)
    if not catalog.shows:
        return "an empty catalogue (orderlog catalog load FILE)"
    return f"{len(catalog.shows)} events, {tickets} tickets and {len(catalog.partners)} partners"


def load_offers(services: "Services", *, sample: bool, sandbox: str) -> None:
    """Load what was asked for to try the service with."""
    from application.catalog.loading import load_sample  # noqa: PLC0415 - see session.py
    from application.catalog.sandbox import load_sandbox  # noqa: PLC0415
    from interface.sandbox.secret import make_secret  # noqa: PLC0415

    store, at = services.store, services.clock()
    if sandbox:
        make_secret()
        load_sandbox(store, at, services.key_secret, f"{sandbox}/sandbox/pay")
        return
    if sample:
        load_sample(store, at, services.key_secret)
