"""`orderlog restore`: replaces an SQLite log by a backup."""

from typing import TYPE_CHECKING

import click
import msgspec

from application.database_address import sqlite_file
from interface.cli.backup import show_log, tools_of
from interface.cli.shared.session import Session, database_option, json_option

if TYPE_CHECKING:  # see session.py
    from application.copying.backup import Restored


@click.command()
@click.argument("source", metavar="FROM", type=click.Path(dir_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace a log that is not empty; it is kept.")
@click.option(
    "--sandbox",
    is_flag=True,
    help="Put back a backup of the sandbox; without this, one is refused.",
)
@json_option("what was restored, and what it replaced")
@database_option
def restore(
    session: Session, source: str, *, overwrite: bool, sandbox: bool, as_json: bool
) -> None:
    """Replace an SQLite log with a backup.

    Stop all processes first. The backup is verified first, and never changed. The replaced log is
    kept in the same folder under another name.
    """
    from application.copying.backup import restore as put_back  # noqa: PLC0415 - see session.py

    database = session.settings.database
    with tools_of(session) as tools:
        restored = put_back(
            tools, source, sqlite_file(database) or "", overwrite=overwrite, sandbox=sandbox
        )
    if as_json:
        session.print_json(msgspec.to_builtins(restored))
        return
    session.out.print(f"{database} has the log {restored.log_id} now.", highlight=False)
    show_log(session, restored.report)
    session.out.print(_what_was_replaced(restored), highlight=False)


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
