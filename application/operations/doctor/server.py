"""The server at its address: whether it answers, and what it says of itself."""

import ssl
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import msgspec

from application.operations.doctor.findings import Finding, good, problem, warning
from application.operations.health import Health

USUAL_ADDRESS = "http://127.0.0.1:8080"
SECONDS = 5.0
FINE = "ok"
PORTS = {"http": 80, "https": 443}


def examine_server(url: str | None, *, is_served: bool | None) -> Iterator[Finding]:
    """Whether the server at an address answers; without one, at the usual address.

    `is_served` is whether some process works on the database; None: not known.
    """
    address = url or USUAL_ADDRESS
    try:
        health = ask(address)
    except (OSError, HTTPException, ValueError, msgspec.MsgspecError) as error:
        yield _silent(address, error, named=url is not None, is_served=is_served)
        return
    wrong = list(_unready(health))
    yield from wrong
    if not wrong:
        yield good("server", f"{address} answers, and is ready.")


def is_address(text: str) -> bool:
    """Whether a text is the address of a server."""
    parts = urlsplit(text)
    return parts.scheme in PORTS and bool(parts.hostname)


def ask(address: str) -> Health:
    """What the server at an address says of its health. Raises what asking raises.

    A server that is not ready answers 503, with the same document.
    """
    parts = urlsplit(address)
    if not is_address(address) or parts.hostname is None:
        raise ValueError("that is not http://HOST:PORT")
    port = parts.port or PORTS[parts.scheme]
    connection = (
        HTTPConnection(parts.hostname, port, timeout=SECONDS)
        if parts.scheme == "http"
        else HTTPSConnection(
            parts.hostname, port, timeout=SECONDS, context=ssl.create_default_context()
        )
    )
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/health/ready")
        return msgspec.json.decode(connection.getresponse().read(), type=Health)
    finally:
        connection.close()


def _silent(address: str, error: Exception, *, named: bool, is_served: bool | None) -> Finding:
    why = str(error) or type(error).__name__
    if named:
        do = "Start it, or look at its log; if it runs, it is overloaded or halted: restart it."
        return problem("server", f"{address} does not answer as orderlog does: {why}.", do)
    if is_served is None:
        return warning("server", f"Nothing answers at {address}.", "orderlog serve starts one.")
    if is_served:
        do = "Give its own address: orderlog doctor --url URL"
        return warning("server", f"A server runs on this database, but not at {address}.", do)
    return warning("server", "No server runs on this database.", "orderlog serve starts one.")


def _unready(health: Health) -> Iterator[Finding]:
    """What the server says that is not well. Of read models the database says more."""
    yield from _processes(health.checks)
    if health.ready:
        return
    for name, said in health.checks.items():
        if said != FINE and not name.startswith(("projection ", "process ", "pull_loop")):
            do = "It refuses requests until that is repaired; its log says more."
            yield problem("server", f"It is not ready: {name}: {said}.", do)


def _processes(checks: Mapping[str, str]) -> Iterator[Finding]:
    for name, said in checks.items():
        if not name.startswith("process "):
            continue
        do = "Look for server_process_died in its log, and in the system's for a lack of memory."
        once = "died once" in said and "down since" not in said
        yield (warning if once else problem)("server processes", f"{name} {said}.", do)
