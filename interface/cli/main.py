"""The command `orderlog`. Exit codes: 0 done, 1 refused or check failed, 2 wrong usage."""

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from application.runtime import failpoints
from interface.cli.session import Session

COMMANDS = {
    "serve": "interface.cli.serve",
    "demo": "interface.cli.demo",
    "catalog": "interface.cli.catalog",
    "key": "interface.cli.key",
    "order": "interface.cli.order",
    "projection": "interface.cli.projection",
    "log": "interface.cli.log",
    "expire": "interface.cli.expire",
    "copy": "interface.cli.copy",
    "backup": "interface.cli.backup",
    "restore": "interface.cli.backup",
    "drill": "interface.cli.drill",
    "audit": "interface.cli.audit",
}
"""Each command and the file it lives in, imported when it is asked for."""


class Commands(click.Group):
    """Imports a command when it is asked for, so that starting one does not wait for all."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command with this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a refusal ends in one line and exit code 1."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if not is_refusal(error):
                raise
            ctx.obj.refuse(error)


def is_refusal(error: Exception) -> bool:
    """Whether an error is an answer to the user rather than a fault of the program."""
    from environs import EnvError  # noqa: PLC0415

    from application import bootstrap  # noqa: PLC0415
    from application.archive import manifest  # noqa: PLC0415
    from application.catalog import file as catalog_file  # noqa: PLC0415
    from application.catalog import keys  # noqa: PLC0415
    from application.catalog import loading as catalog_loading  # noqa: PLC0415
    from application.copying import copy as copying  # noqa: PLC0415
    from application.integrity import bundle, checkpoint, signer_memory, signing  # noqa: PLC0415
    from application.integrity import workers as audit_workers  # noqa: PLC0415
    from application.ports import backup_files  # noqa: PLC0415
    from application.ports.read_models import BeingRebuilt, KeyTwice, ModelNotTrue  # noqa: PLC0415
    from application.ports.store import CopyUnfinished, LayoutTooNew, StoreUnavailable  # noqa: PLC0415
    from application.projector import acknowledgements, rebuild  # noqa: PLC0415
    from application.projector import generations as new_generation  # noqa: PLC0415
    from application.projector import partitions as range_loading  # noqa: PLC0415
    from application.projector import workers as rebuild_workers  # noqa: PLC0415
    from domain.refusals import Refusal  # noqa: PLC0415 - only when something was refused

    return isinstance(
        error,
        Refusal
        | EnvError
        | OSError
        | backup_files.BackupRefused
        | bootstrap.BadDatabase
        | catalog_file.BadCatalog
        | catalog_loading.TicketsInUse
        | keys.UnknownKey
        | checkpoint.CheckpointsBusy
        | acknowledgements.NothingToAcknowledge
        | checkpoint.LogContradicts
        | checkpoint.LogWentBack
        | checkpoint.SignerDisagrees
        | signer_memory.BadMemory
        | checkpoint.NoKey
        | checkpoint.WrongKey
        | checkpoint.BadStatement
        | signing.BadKey
        | bundle.BadBundle
        | bundle.CannotBundle
        | audit_workers.WorkerDied
        | keys.UnknownPartner
        | copying.NotCopied
        | CopyUnfinished
        | LayoutTooNew
        | ModelNotTrue
        | manifest.BadArchive
        | range_loading.OrderNotShown
        | rebuild.NothingKept
        | new_generation.Stopped
        | rebuild_workers.WorkersFailed
        | BeingRebuilt
        | KeyTwice
        | StoreUnavailable,
    )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="orderlog")
@click.option(
    "--database",
    metavar="URL",
    help="The store: sqlite:///FILE or postgresql://user@host:port/name.",
)
@click.pass_context
def cli(context: click.Context, database: str | None) -> None:
    """Orderlog: event-sourced order processing for ticket sales."""
    context.obj = Session()
    context.obj.database = database
    try:
        armed = failpoints.arm(os.environ)
    except failpoints.FailpointsRefused as reason:
        raise click.UsageError(str(reason)) from reason
    if armed:
        context.obj.err.print(f"A failpoint is armed: {os.environ[failpoints.VARIABLE]}")


def main() -> None:
    """Run the command line. What a terminal cannot show becomes a question mark, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    cli()


if __name__ == "__main__":
    main()
