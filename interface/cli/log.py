"""`orderlog log`: the log as Parquet files, and back."""

from contextlib import closing
from pathlib import Path

import click

from interface.cli.shared.progress_bars import bars_of_steps
from interface.cli.shared.session import Session, database_option, extra

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def log() -> None:
    """Archive the log as Parquet files, and import it."""


@log.command()
@click.option("--to", "folder", metavar="DIR", required=True, type=FOLDER, help="The archive.")
@database_option
def export(session: Session, folder: Path) -> None:
    """Write the log, or the part that is not archived yet, to an archive.

    Events are in a folder for each month, as columns for queries and as the exact stored bytes. To
    resume an interrupted export, give the same command again.
    """
    from application.bootstrap import open_copyable  # noqa: PLC0415 - see session.py

    with extra("archive"):
        from application.archive.export import export_log  # noqa: PLC0415 - an extra

    last = session.services.store.last_position()
    with (
        closing(open_copyable(session.settings.database, make=False)) as source,
        bars_of_steps(session) as report,
    ):
        manifest = export_log(source, last, folder, lambda done, _: report("exporting", done, last))
    click.echo(
        f"{folder} has {manifest.events} events in {len(manifest.files)} files,"
        f" up to position {manifest.position}."
    )


@log.command("import")
@click.option("--from", "folder", metavar="DIR", required=True, type=FOLDER, help="The archive.")
@database_option
def import_(session: Session, folder: Path) -> None:
    """Import the log of an archive into an empty database.

    Positions and bytes are unchanged. Only the log is imported: no catalogue, no tickets, no keys.
    To resume an interrupted import, give the same command again.
    """
    from application.bootstrap import open_copyable  # noqa: PLC0415 - see session.py

    with extra("archive"):
        from application.archive.importing import import_log  # noqa: PLC0415 - an extra

    with (
        closing(open_copyable(session.settings.database, make=True)) as target,
        bars_of_steps(session) as report,
    ):
        copied = import_log(folder, target, report)
    click.echo(f"{copied.rows} events are imported and compared; their SHA-256 is {copied.digest}.")
