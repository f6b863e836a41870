"""`orderlog copy`: move a log and its catalogue to another database."""

from contextlib import closing

import click

from application.database_address import check_given_in_command
from interface.cli.shared.progress_bars import bars_of_steps
from interface.cli.shared.session import Session
from interface.cli.shared.tables import listing


@click.command()
@click.option("--from", "source", metavar="URL", required=True, help="The database to copy.")
@click.option(
    "--to", "target", metavar="URL", required=True, help="An empty database, or a new one."
)
@click.option(
    "--sandbox",
    is_flag=True,
    help="Copy a database of the sandbox; without this, one is refused. The copy is one, too.",
)
@click.pass_obj
def copy(session: Session, source: str, target: str, *, sandbox: bool) -> None:
    """Copy everything to an empty database of any kind.

    Both are compared at the end. Events keep their positions and bytes. Stop all processes first.
    To resume an interrupted copy, give the same command again. The target builds its own read
    models.
    """
    from application.bootstrap import open_copyable  # noqa: PLC0415 - see session.py
    from application.copying.copy import copy as copy_database  # noqa: PLC0415
    from application.copying.copy import refuse_sandbox  # noqa: PLC0415

    for address in (source, target):
        check_given_in_command(address)
    with (
        closing(open_copyable(source, make=False)) as old,
        closing(open_copyable(target, make=True)) as new,
        bars_of_steps(session) as report,
    ):
        if not sandbox:
            refuse_sandbox(old, "give --sandbox to copy it as one.")
        copied = copy_database(old, new, report)
    table = listing("the same on both sides", "rows", "sha256")
    for part in copied:
        table.add_row(part.part, str(part.rows), part.digest[:16])
    session.out.print(table)
