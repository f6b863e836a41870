"""`orderlog backup` and `orderlog restore`: copies of an SQLite log, made while it is in use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import msgspec

from interface.cli.audit import show_findings
from interface.cli.progress_bars import bars_of_steps
from interface.cli.session import Session, database_option, json_option

if TYPE_CHECKING:  # see session.py
    from application.copying.backup import Restored, Tools
    from application.integrity.report import Report
    from application.ports.store import Store


@click.command()
@click.option(
    "--to", "target", required=True, type=click.Path(dir_okay=False), help="The file to write."
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there already.")
@json_option
@database_option
def backup(session: Session, target: str, *, overwrite: bool, as_json: bool) -> None:
    """Copy an SQLite log to one file, and verify the copy.

    A service may run meanwhile: the copy is of one moment. Exit code 1 on any finding in it.
    """
    from application.copying.backup import back_up  # noqa: PLC0415 - see session.py

    with _tools(session) as tools:
        made = back_up(tools, target, overwrite=overwrite)
    if as_json:
        session.print_json(msgspec.to_builtins(made))
    else:
        session.out.print(f"{made.file} has the log {made.log_id}.", highlight=False)
        _show(session, made.report)
    if not made.report.good:
        raise SystemExit(1)


@click.command()
@click.argument("source", metavar="FROM", type=click.Path(dir_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace a log that is not empty; it is kept.")
@json_option
@database_option
def restore(session: Session, source: str, *, overwrite: bool, as_json: bool) -> None:
    """Replace an SQLite log by a backup.

    Stop all processes first. The backup is verified before, and is not changed. The replaced log is
    kept in the same folder under another name.
    """
    from application.copying.backup import restore as put_back  # noqa: PLC0415 - see session.py

    database = session.settings.database
    with _tools(session) as tools:
        restored = put_back(tools, source, database.partition("///")[2], overwrite=overwrite)
    if as_json:
        session.print_json(msgspec.to_builtins(restored))
        return
    session.out.print(f"{database} has the log {restored.log_id} now.", highlight=False)
    _show(session, restored.report)
    session.out.print(_what_was_replaced(restored), highlight=False)


@contextmanager
def _tools(session: Session) -> Iterator["Tools"]:
    from application.bootstrap import SQLITE, open_backups, open_copy, opener_of  # noqa: PLC0415
    from application.copying.backup import Tools  # noqa: PLC0415
    from application.integrity.verification import verify, workers_for  # noqa: PLC0415 - see session.py
    from interface.server.logs import configure  # noqa: PLC0415

    configure(session.settings.log_level)
    backups = open_backups(session.settings.database)
    with bars_of_steps(session) as report:

        def check(store: "Store", path: str) -> "Report":
            workers = workers_for(store, opener_of(SQLITE + path), os.cpu_count() or 1)
            return verify(store, workers, lambda done, of: report("verified", done, of))

        yield Tools(backups, open_copy, check, lambda done, of: report("pages copied", done, of))


def _show(session: Session, report: "Report") -> None:
    signed = "no checkpoint"
    if report.checkpoint is not None:
        signed = f"checkpoint {report.checkpoint.number} of {report.checkpoint.at}"
    session.out.print(
        f"It ends at position {report.position}, with {report.events} events of {report.orders}"
        f" orders; {signed}.",
        highlight=False,
    )
    show_findings(session, report.findings, report.wrong)


def _what_was_replaced(restored: "Restored") -> str:
    if restored.kept is None:
        return "There was no log in its place."
    if restored.before is None:
        return f"The log in its place was empty; it is kept as {restored.kept}."
    if restored.beyond is None:
        return f"It replaced another log, or one that cannot be read, kept as {restored.kept}."
    if restored.beyond < 0:
        return f"The log that it replaced ended earlier; it is kept as {restored.kept}."
    return (
        f"The log that it replaced had {restored.beyond} events beyond; it is kept as"
        f" {restored.kept}."
    )
