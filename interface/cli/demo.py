"""`orderlog demo`: the documented calls against a throw-away service, then the audit trail."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
from rich.highlighter import JSONHighlighter
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from interface.cli.shared.session import Session
from interface.load.caretaker import Caretaker, throw_away_folder

KEY = "047bdb8bcee44d3693371920aaf9135c"
EVENT = "56a6253df06c5a059a93802e"
PARTERRE = "56a6254bf06c5a059b93800c"
ORDERS = "/v1/resources/orders"
FORM = "/sandbox/pay"
FIELD = re.compile(r'type="hidden" name="(\w+)" value="(\w+)"')
SECONDS = 20
WIDEST = 110
LONGEST_LINE = 60


@click.command()
@click.pass_obj
def demo(session: Session) -> None:
    """Show the product in a few seconds.

    It starts a throw-away service, carries out an order, and reads the order's audit trail.
    """
    session.out.width = min(session.out.width, WIDEST)
    with throw_away_folder("orderlog-demo-") as caretaker:
        session.database = f"sqlite:///{Path(caretaker.folder) / 'demo.db'}"
        os.environ["ORDERLOG_AUDIT_KEY"] = "beside"  # is gone with the folder
        with throw_away_service(session.database, caretaker) as (address, line):
            heading(session, "A throw-away service")
            session.out.print(line, highlight=False)
            order = Play(session, address).carry_out()
        show_audit_trail(session, order)
        session.services.close()
    session.out.print("The service is stopped and its database is gone. One of your own:")
    session.out.print("orderlog serve --sandbox", style="bold", highlight=False)


@contextmanager
def throw_away_service(database: str, caretaker: Caretaker) -> Iterator[tuple[str, str]]:
    """Run a service with the sandbox; yields host:port and the line that it prints."""
    command = [sys.executable, "-m", "interface.cli.main", "serve", "--port", "0", "--sandbox"]
    environment = {**os.environ, "ORDERLOG_DATABASE": database, "ORDERLOG_LOG_LEVEL": "WARNING"}
    with subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as service:
        caretaker.started(service.pid)
        try:
            line = service.stdout.readline().strip() if service.stdout else ""
            if not line:
                raise OSError("The service did not start.")
            yield line.partition("http://")[2].partition(",")[0], line
        finally:
            service.terminate()
            try:
                service.wait(SECONDS)
                caretaker.ended(service.pid)
            except subprocess.TimeoutExpired:
                os.killpg(service.pid, signal.SIGKILL)


class Play:
    """Makes the documented calls and prints them; a wrong answer ends it with exit code 1."""

    def __init__(self, session: Session, address: str) -> None:
        self._session = session
        self._address = address

    def carry_out(self) -> str:
        """Carry out an order; return its id."""
        session = self._session
        heading(session, "1. Create an order with one ticket, any of the set")
        order = self._call("POST", ORDERS, {"event": EVENT, "random": {PARTERRE: 1}}, 201)
        self._expect(order.get("status") == "executed" and len(order["tickets"]) == 1)
        session.out.print(document(order))

        path = f"{ORDERS}/{order['id']}"
        heading(session, "2. Choose how to pay: recorded, but not engaged yet")
        chosen = self._call("PATCH", path, {"payment": {"system": "sandbox/GATE"}}, 200)
        self._expect(chosen == order)
        session.out.print("The same document again: nothing of it has changed.\n")

        heading(session, "3. Start the payment: five minutes, and where to send the buyer")
        paying = self._call("PATCH", path, {"status": "in_progress"}, 200)
        self._expect("redirect_url" in paying["payment"])
        session.out.print(document(paying, before=order))

        heading(session, "4. The buyer presses Pay, and the gateway sends its signed notices")
        press(self._address, paying["payment"]["redirect_url"])
        session.out.print("payment.started and payment.succeeded were taken.\n")

        heading(session, "And read it again")
        done = self._call("GET", path, None, 200)
        self._expect(done["status"] == "done")
        session.out.print(document(done, before=paying))

        heading(session, "5. The tickets have barcodes")
        tickets = self._call("GET", f"{path}/tickets", None, 200)
        self._expect(all(each.get("barcode") for each in tickets))
        session.out.print(document({"barcode": tickets[0]["barcode"]}))
        return str(order["id"])

    def _call(self, method: str, path: str, body: Any, expected: int) -> Any:
        """Send a request and print it, and the head of its answer."""
        say = self._session.out.print
        headers = {"Authorization": f"key {KEY}"}
        content = None
        say(Text.assemble((method, "bold"), f" {path}\nAuthorization: key {KEY}"))
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body)
            say(JSONHighlighter()(Text(content)))
        connection = HTTPConnection(self._address, timeout=SECONDS)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            received = json.loads(answer.read())
        except (HTTPException, ValueError) as error:
            raise OSError(f"The answer cannot be read: {error}") from error
        finally:
            connection.close()
        style = "green" if answer.status == expected else "red"
        partner = answer.getheader("X-Partner")
        status = (f"{answer.status} {answer.reason}", style)
        say(Text.assemble("\n", status, f"  X-Partner: {partner}"))
        self._expect(answer.status == expected, received)
        return received

    def _expect(self, good: bool, received: Any = "") -> None:
        """End with exit code 1 unless the answer is as documented."""
        if not good:
            self._session.refuse(f"This answer is not as documented. {received}")


def press(address: str, page: str) -> None:
    """Press Pay on the sandbox's page, as a buyer's browser does. Raises `OSError`."""
    path = page.partition(address)[2]
    fields = dict(FIELD.findall(exchange(address, "GET", path)))
    exchange(address, "POST", FORM, urlencode({**fields, "action": "pay"}))


def exchange(address: str, method: str, path: str, form: str | None = None) -> str:
    """A page, as a browser gets it. Raises `OSError`."""
    connection = HTTPConnection(address, timeout=SECONDS)
    headers = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request(method, path, form, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
    except (HTTPException, ValueError) as error:
        raise OSError(f"The page cannot be read: {error}") from error
    finally:
        connection.close()
    if answer.status != HTTPStatus.OK:
        raise OSError(f"The page answers {answer.status}.")
    return page


def heading(session: Session, text: str) -> None:
    """Print the heading of the next step."""
    session.out.print(Rule(Text(text, style="bold"), align="left"))


def document(new: dict[str, Any], before: dict[str, Any] | None = None) -> Panel:
    """A document, a field per line; changed fields are marked."""
    text = Text(overflow="fold")
    for name, value in new.items():
        for line, changed in lines(name, value, (before or new).get(name)):
            text.append("▸ " if changed else "  ", style="bold green")
            text.append_text(JSONHighlighter()(Text(line))).append("\n")
    text.rstrip()
    return Panel(text)


def lines(name: str, value: Any, before: Any) -> Iterator[tuple[str, bool]]:
    """A field as one line or, if that is too long, as several, each with whether it has changed."""
    whole = f"{json.dumps(name)}: {json.dumps(value)}"
    if not isinstance(value, dict) or len(whole) <= LONGEST_LINE:
        yield whole, value != before
        return
    yield f"{json.dumps(name)}:", False
    for inner, shown in value.items():
        yield f"    {json.dumps(inner)}: {json.dumps(shown)}", shown != (before or {}).get(inner)


def show_audit_trail(session: Session, order: str) -> None:
    """Print an order's history, as `orderlog order history` does."""
    from interface.cli.shared.tables import history_table  # noqa: PLC0415 - see session.py

    heading(session, f"The audit trail: orderlog order history {order}")
    session.out.print(history_table(order, session.services.history.changes(order)))
