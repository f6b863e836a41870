"""`orderlog serve`: the service over HTTP."""

import gc
import os
import platform
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING

import click
import msgspec

from application.database_address import without_passwords
from application.runtime.neighbours import check_packages
from application.runtime.plain_structlog import import_structlog
from interface.cli.shared.keys import renew
from interface.cli.shared.session import Session, database_option
from interface.cli.shared.setting_options import setting_options

if TYPE_CHECKING:  # see session.py
    from application.bootstrap import Services
    from application.settings import Settings


@click.command()
@click.option(
    "--sandbox",
    is_flag=True,
    help="As --sample, with a payment page that sends signed notices, a clock that can be moved,"
    " and a database of its own.",
)
@click.option(
    "--share-port",
    is_flag=True,
    help="Share the port with another server of the same user, which is to be stopped then.",
)
@setting_options
@database_option
def serve(session: Session, *, sandbox: bool, share_port: bool) -> None:
    """Serve orders over HTTP.

    It runs until SIGTERM or SIGINT (Ctrl-C), and then finishes in-flight requests. SIGHUP reloads
    certificates and secrets.
    """
    gc.disable()  # what is imported is no garbage; the processes enable it again before they serve
    try:
        run(session, sandbox=sandbox, share_port=share_port)
    finally:
        gc.enable()


def run(session: Session, *, sandbox: bool, share_port: bool) -> None:
    """Check the settings, prepare the database, and serve until a signal to stop."""
    import_structlog()
    from interface.server.processes import CannotStart, Processes  # noqa: PLC0415 - see session.py

    if warning := check_packages():
        click.echo(warning, err=True)
    settings = session.settings
    if settings.traces_to:
        from application.runtime.tracing import require  # noqa: PLC0415 - see session.py

        require()
    check_tls(session, settings.tls_cert, settings.tls_key)
    settings = msgspec.structs.replace(settings, sample=sandbox or settings.sample)
    listens = reserved(settings.listen_host, settings.listen_port, shared=share_port)
    with listens as (address, free):
        where = address_of(settings, address, free)
        own = address_of(settings, _reached_at(address), free) if sandbox else ""
        summary = prepare(session, sample=settings.sample, sandbox=own)
        database = without_passwords(settings.database)
        line = f"Orderlog listens on {where}, on {database}, with {summary}."

        def started() -> None:
            click.echo(line)
            notify_manager("READY=1")

        workers = settings.workers
        processes = Processes(settings, address, free, workers, started, sandbox=own)
        try:
            processes.run()
        except CannotStart as reason:
            session.refuse(reason)


def notify_manager(state: str) -> None:
    """Notify the service manager that started this process, if one listens (systemd)."""
    path = os.environ.get("NOTIFY_SOCKET")
    if path:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.sendto(state.encode(), f"\0{path[1:]}" if path.startswith("@") else path)


def address_of(settings: "Settings", host: str, port: int) -> str:
    """The address of the service as a URL."""
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def check_tls(session: Session, tls_cert: str, tls_key: str) -> None:
    """Refuse files that are no certificate and its key."""
    if tls_cert or tls_key:
        if not (tls_cert and tls_key):
            session.refuse("TLS needs a certificate and its key: --tls-cert and --tls-key.")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls_cert, tls_key, no_password)
        except (OSError, ValueError) as error:
            session.refuse(f"TLS cannot be served with {tls_cert} and {tls_key}: {reason(error)}")


def reason(error: OSError | ValueError) -> str:
    """What is wrong with a certificate or its key."""
    if isinstance(error, ssl.SSLError):
        if error.reason == "KEY_VALUES_MISMATCH":
            return "the key is not the certificate's."
        return "one of them is not the right kind of PEM file."
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
def reserved(host: str, port: int, *, shared: bool = False) -> Iterator[tuple[str, int]]:
    """The address of `host`, and `port` or a free one for 0, kept for this server alone.

    Server processes share a port, and the system would let another server share it as well. So the
    parent binds it first, exclusively unless it is to be `shared` with a server of the same user.
    Raises `OSError` when it cannot be listened on.
    """
    with socket_on(host, port, shared=shared) as ours:
        found = ours.getsockname()[:2]
        if platform.system() == "Linux":
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        else:
            ours.close()
        yield found


def socket_on(host: str, port: int, *, shared: bool) -> socket.socket:
    """A socket bound to an address and port, exclusively or not. Raises `OSError`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        ours = socket.socket(family, socket.SOCK_STREAM)
        try:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
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
    from application.catalog.sandbox_mark import refuse_sandbox  # noqa: PLC0415
    from application.integrity.checkpointer import check_at_start  # noqa: PLC0415
    from application.settings import BESIDE, PRIVATE  # noqa: PLC0415
    from interface.server.logs import configure  # noqa: PLC0415

    configure(session.settings.log_level, session.settings.log_format)
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
