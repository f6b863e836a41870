"""The command `orderlog`.

Exit codes: 0 done, 1 refused or check failed, 2 wrong usage, 3 not proven.
"""

import atexit
import gc
import os
import re
import sys
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import click

from application.database_address import without_passwords
from application.runtime import failpoints
from application.runtime.installation import NAME, version_text
from application.runtime.private_files import UMASK
from domain.errors import UserError
from interface.cli.shared.session import Session

COMMANDS = [
    each.name
    for each in iter_modules([str(Path(__file__).parent)])
    if not each.ispkg and each.name != "main"
]
"""Every other file of this folder is a command, which it defines under the file's own name."""


NO_COMMAND = re.compile(r"No such command '(.+)'\.\Z")


class Commands(click.Group):
    """Imports a command when it is used, so that starting one does not wait for all."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of the commands in alphabetical order."""
        return COMMANDS

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command with this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"interface.cli.{cmd_name}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; print a user error in one line, with exit code 1."""
        try:
            return super().invoke(ctx)
        except (UserError, OSError) as error:
            ctx.obj.refuse(error)
        except click.UsageError as error:
            shown = without_passwords(error.message + suggestion(error))
            if shown == error.message:
                raise
            raise click.UsageError(shown, error.ctx) from None


def suggestion(error: click.UsageError) -> str:
    """Which command was meant, if the error is that there is none of this name."""
    misspelt = NO_COMMAND.match(error.message)
    group = error.ctx.command if error.ctx else None
    if misspelt is None or error.ctx is None or not isinstance(group, click.Group):
        return ""
    near = get_close_matches(misspelt[1], group.list_commands(error.ctx), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version and the commit it was made from."""
    if wanted:
        click.echo(f"orderlog, version {version_text()}")
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=show_version,
    help="Show the version and its commit, and exit.",
)
@click.option(
    "--database",
    metavar="URL",
    help="The database: sqlite:///FILE or postgresql://user@host:port/name.",
)
@click.option("--config", metavar="FILE", help="A file of settings (TOML).")
@click.pass_context
def cli(context: click.Context, database: str | None, config: str | None) -> None:
    """Orderlog: event-sourced order processing for ticket sales."""
    context.obj = Session()
    context.obj.database = database
    context.obj.config = config
    try:
        armed = failpoints.arm(os.environ)
    except failpoints.FailpointsRefused as reason:
        raise click.UsageError(str(reason)) from reason
    if armed:
        context.obj.err.print(f"A failpoint is armed: {os.environ[failpoints.VARIABLE]}")


def main() -> None:
    """Run the command line. Characters that a terminal cannot show become question marks.

    What is written, by this process and those that it starts, is for its owner alone.
    """
    os.umask(UMASK)
    atexit.register(gc.freeze)  # a process that ends does not look for garbage
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    cli(prog_name=NAME)


if __name__ == "__main__":
    main()
