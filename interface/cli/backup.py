"""`orderlog backup`: a copy of an SQLite log, taken while the service sells."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import msgspec

from application.database_address import SQLITE
from interface.cli.audit import show_findings
from interface.cli.shared.progress_bars import bars_of_steps
from interface.cli.shared.session import Session, database_option, json_option

if TYPE_CHECKING:  # see session.py
    from application.copying.backup import Tools
    from application.integrity.report import Report
    from application.ports.store import Store


@click.command()
@click.option(
    "--to", "target", required=True, type=click.Path(dir_okay=False), help="The file to write."
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there already.")
@json_option("the copy's log, position, checkpoint and findings")
@database_option
def backup(session: Session, target: str, *, overwrite: bool, as_json: bool) -> None:
    """Copy an SQLite log to one file, and verify the copy.

    The service may keep running: the copy is a consistent snapshot. Exit code 1 on any finding in
    it.
    """
    from application.bootstrap import require_log  # noqa: PLC0415 - see session.py
    from application.copying.backup import back_up  # noqa: PLC0415
    from application.runtime.worker_processes import lower_priority  # noqa: PLC0415

    lower_priority()
    with tools_of(session) as tools:
        require_log(session.settings.database)
        made = back_up(tools, target, overwrite=overwrite)
    if as_json:
        session.print_json(msgspec.to_builtins(made))
    else:
        session.out.print(f"{made.file} has the log {made.log_id}.", highlight=False)
        show_log(session, made.report)
    if not made.report.good:
        raise SystemExit(1)


@contextmanager
def tools_of(session: Session) -> Iterator["Tools"]:
    """What a backup works with: the database, a way to open a copy, its verification, bars."""
    from application.bootstrap import open_backups, open_copy, opener_of  # noqa: PLC0415
    from application.copying.backup import Tools  # noqa: PLC0415
    from application.integrity.verification import verify, workers_for  # noqa: PLC0415 - see session.py
    from interface.server.logs import configure  # noqa: PLC0415

    configure(session.settings.log_level, session.settings.log_format)
    backups = open_backups(session.settings.database)
    with bars_of_steps(session) as report:

        def check(store: "Store", path: str) -> "Report":
            workers = workers_for(store, opener_of(SQLITE + path), os.cpu_count() or 1)
            return verify(store, workers, lambda done, of: report("verified", done, of))

        yield Tools(
            backups=backups,
            open_log=open_copy,
            check=check,
            progress=lambda done, of: report("pages copied", done, of),
        )


def show_log(session: Session, report: "Report") -> None:
    """Print how far a log goes, and what was found wrong in it."""
    signed = "no checkpoint"
    if report.checkpoint is not None:
        signed = f"checkpoint {report.checkpoint.number} of {report.checkpoint.at}"
    session.out.print(
        f"It ends at position {report.position}, with {report.events} events of {report.orders}"
        f" orders; {signed}.",
        highlight=False,
    )
    show_findings(session, report.findings, report.wrong, report.not_proven)
