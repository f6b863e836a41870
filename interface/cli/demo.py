"""`orderlog demo`: the documented calls against a throw-away service, then the audit trail."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import click
from rich.json import JSON
from rich.panel import Panel
from rich.rule import Rule

from interface.cli.session import Session

KEY = "047bdb8bcee44d3693371920aaf9135c"
EVENT = "56a6253df06c5a059a93802e"
PARTERRE = "56a6254bf06c5a059b93800c"
ORDERS = "/v1/resources/orders"
STOP_SECONDS = 20


@click.command()
@click.pass_obj
def demo(session: Session) -> None:
    """Show the product in a few seconds.

    A throw-away service carries out an order, and the order's audit trail is read.
    """
    with tempfile.TemporaryDirectory(prefix="orderlog-demo-") as folder:
        session.database = f"sqlite:///{Path(folder) / 'demo.db'}"
        with throw_away_service(session.database) as (address, line):
            session.out.print(Rule("A throw-away service"))
            session.out.print(line, highlight=False)
            order = play(session, address)
        from interface.cli.tables import history_table  # noqa: PLC0415 - see session.py

        session.out.print(Rule("The audit trail: orderlog order history"))
        session.out.print(history_table(order, session.services.history.changes(order)))
        session.services.close()


@contextmanager
def throw_away_service(database: str) -> Iterator[tuple[str, str]]:
    """Run a service with the sample catalogue; yields host:port and the line it says."""
    command = [sys.executable, "-m", "interface.cli.main", "serve", "--port", "0", "--sample"]
    environment = {**os.environ, "ORDERLOG_DATABASE": database, "ORDERLOG_LOG_LEVEL": "WARNING"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as service:  # noqa: S603 - our own command
        try:
            line = service.stdout.readline().strip() if service.stdout else ""
            if not line:
                raise OSError("The service did not start.")
            yield line.partition("http://")[2].partition(",")[0], line
        finally:
            service.terminate()
            service.wait(STOP_SECONDS)


def play(session: Session, address: str) -> str:
    """Play the documented calls; return the order's id. Ends with exit code 1 on a wrong answer."""
    session.out.print(Rule("1. Create an order with one ticket, any of the set"))
    wish = {"event": EVENT, "random": {PARTERRE: 1}}
    order = call(session, address, "POST", ORDERS, wish, 201)
    path = f"{ORDERS}/{order['id']}"
    expect(session, order["status"] == "executed" and len(order["tickets"]) == 1)

    session.out.print(Rule("2. Choose the payment system: recorded, not engaged yet"))
    chosen = call(session, address, "PATCH", path, {"payment": {"system": "api/BASE"}}, 200)
    expect(session, chosen == order)

    session.out.print(Rule("3. Start the payment: thirty minutes, and where to send the buyer"))
    paying = call(session, address, "PATCH", path, {"status": "in_progress"}, 200)
    expect(session, "redirect_url" in paying["payment"])

    session.out.print(Rule("And read it again"))
    expect(session, call(session, address, "GET", path, None, 200) == paying)
    return str(order["id"])


def call(
    session: Session, address: str, method: str, path: str, body: Any, expected: int
) -> dict[str, Any]:
    """Send a request and print it with its answer."""
    headers = {"Authorization": f"key {KEY}"}
    content = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(body)
    request: list[Any] = [f"[bold]{method}[/bold] {path}", f"Authorization: key {KEY}"]
    session.out.print("\n".join(request), highlight=False)
    if body is not None:
        session.out.print(JSON.from_data(body))
    connection = HTTPConnection(address, timeout=STOP_SECONDS)
    connection.request(method, path, content, headers)
    answer = connection.getresponse()
    document: dict[str, Any] = json.loads(answer.read())
    connection.close()
    title = f"{answer.status} {answer.reason}  X-Partner: {answer.getheader('X-Partner')}"
    style = "green" if answer.status == expected else "red"
    session.out.print(Panel(JSON.from_data(document), title=title, style=style))
    expect(session, answer.status == expected)
    return document


def expect(session: Session, good: bool) -> None:
    """End with exit code 1 unless the answer is as documented."""
    if not good:
        session.refuse("This answer is not as documented.")
