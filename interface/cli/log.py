"""`orderlog log`: the log as Parquet files, and back."""

from contextlib import closing
from pathlib import Path

import click

from domain.errors import UserError
from interface.cli.shared.progress_bars import bars_of_steps
from interface.cli.shared.safe_console import safe
from interface.cli.shared.session import Session, database_option, extra

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def log() -> None:
    """Archive the log as Parquet files, and import it."""


@log.command()
@click.option(
    "--to",
    "folder",
    metavar="DIR",
    required=True,
    type=FOLDER,
    help="The archive, which is made if there is none.",
)
@database_option
def export(session: Session, folder: Path) -> None:
    """Write the log, or the part that is not archived yet, to an archive.

    Events are in a folder for each month, as columns for queries and as the exact stored bytes. To
    resume an interrupted export, give the same command again.
    """
    from application.bootstrap import open_copyable  # noqa: PLC0415 - see session.py

    with extra("archive"):
        from application.archive.export import export_log  # noqa: PLC0415 - an extra

    from application.catalog.sandbox_mark import refuse_sandbox  # noqa: PLC0415 - see session.py

    refuse_sandbox(session.services.store, "an archive has no mark of it; use orderlog backup.")
    last = session.services.store.last_position()
    session.note_reading(till=last)
    with (
        closing(open_copyable(session.settings.database, make=False)) as source,
        bars_of_steps(session) as report,
    ):
        manifest = export_log(source, last, folder, lambda done, _: report("exporting", done, last))
    click.echo(
        f"{folder} has {manifest.events} events in {len(manifest.files)} files,"
        f" up to position {manifest.position}."
    )
    _sign(session, folder)


def _sign(session: Session, folder: Path) -> None:
    """Sign the list of an archive's files; say so, or that nobody did."""
    from application.archive.manifest import LIST  # noqa: PLC0415 - see session.py
    from application.integrity.file_signature import leave_unsigned, sign_file  # noqa: PLC0415

    try:
        signer = session.services.checkpoints.signer()
    except (UserError, OSError) as reason:
        leave_unsigned(folder / LIST)
        click.echo(f"It is not signed: {reason}")
        return
    sign_file(signer, folder / LIST)
    click.echo(f"It is signed with {signer.public}.")


@log.command("import")
@click.option(
    "--from", "folder", metavar="DIR", required=True, type=FOLDER, help="The archive to import."
)
@click.option(
    "--key",
    "key_file",
    type=click.Path(dir_okay=False),
    help="The file of the public key that you trust: an archive that it did not sign is refused.",
)
@database_option
def import_(session: Session, folder: Path, key_file: str | None) -> None:
    """Import the log of an archive into an empty database.

    Positions and bytes are unchanged. Only the log is imported: no catalogue, no tickets, no keys.
    To resume an interrupted import, give the same command again.
    """
    from application.bootstrap import open_copyable  # noqa: PLC0415 - see session.py
    from application.database_address import sqlite_file  # noqa: PLC0415 - see session.py

    with extra("archive"):
        from application.archive.importing import import_log  # noqa: PLC0415 - an extra

    database = session.settings.database
    sqlite_file(database)  # refuses what names no file, before the archive is read
    _report_signer(folder, key_file)
    with (
        closing(open_copyable(database, make=True)) as target,
        bars_of_steps(session) as report,
    ):
        copied = import_log(folder, target, report)
    click.echo(f"{copied.rows} events are imported and compared; their SHA-256 is {copied.digest}.")


def _report_signer(folder: Path, key_file: str | None) -> None:
    """Say whose archive it is. Raises `BadArchive`, `BadSignature`, `BadKey`."""
    from application.archive.manifest import LIST, read_manifest  # noqa: PLC0415 - see session.py
    from application.integrity.file_signature import signed_by  # noqa: PLC0415
    from application.integrity.signing import read_public  # noqa: PLC0415

    read_manifest(folder)
    trusted = None if key_file is None else read_public(key_file)
    key = signed_by(folder / LIST, trusted)
    if key is None:
        click.echo("The archive is not signed: nothing proves who made it.", err=True)
    elif trusted is None:
        says = f"The archive is signed with {key}. Whose key that is nobody said: compare it."
        click.echo(safe(says), err=True)
