"""`orderlog doctor`: what is wrong with an installation, and what to do about it."""

from typing import TYPE_CHECKING

import click
import msgspec
from rich.text import Text

from application.database_address import sqlite_file
from interface.cli.shared.session import Session, database_option, json_option

if TYPE_CHECKING:  # see session.py
    from application.operations.doctor.findings import Finding, Installation

STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}
WIDTH = 8


@click.command()
@click.option(
    "--url", metavar="URL", help="Where the server answers; default: http://127.0.0.1:8080."
)
@json_option("whether all is well, and the findings")
@database_option
def doctor(session: Session, url: str | None, *, as_json: bool) -> None:
    """Examine an installation, and say what to do.

    It prints one line for each finding, and changes nothing. Exit code 1 if there is a problem.
    """
    from application.bootstrap import require_log  # noqa: PLC0415 - see session.py
    from application.operations.doctor.examination import examine  # noqa: PLC0415
    from application.operations.doctor.findings import Level  # noqa: PLC0415
    from application.operations.doctor.server import is_address  # noqa: PLC0415

    if url is not None and not is_address(url):
        raise click.UsageError(f"{url} is not the address of a server; use http://HOST:PORT.")
    database = session.settings.database
    found = []
    for each in examine(
        lambda: require_log(database), lambda: _installation(session), sqlite_file(database), url
    ):
        found.append(each)
        if not as_json:
            _show(session, each)
    is_well = all(each.level is not Level.PROBLEM for each in found)
    if as_json:
        session.print_json({"well": is_well, "findings": msgspec.to_builtins(found)})
    if not is_well:
        raise SystemExit(1)


def _installation(session: Session) -> "Installation":
    """The wired service, as far as it is examined."""
    from application.bootstrap import key_place_of  # noqa: PLC0415 - see session.py
    from application.catalog.sandbox_mark import is_sandbox  # noqa: PLC0415
    from application.operations.doctor.findings import Installation  # noqa: PLC0415

    services = session.services
    return Installation(
        settings=session.settings,
        store=services.store,
        clock=services.store_clock,
        moment=services.clock(),
        catalog=services.catalog.current(),
        key_secret=services.key_secret,
        key_place=key_place_of(session.settings),
        is_sandbox=is_sandbox(services.store),
    )


def _show(session: Session, finding: "Finding") -> None:
    line = Text(f"{finding.level:{WIDTH}}", style=STYLES[finding.level])
    line.append(f"{finding.check}: ", style="bold")
    line.append(finding.says, style="not bold default")
    if finding.do:
        line.append(f" → {finding.do}", style="not bold default")
    session.out.print(line, soft_wrap=True)
