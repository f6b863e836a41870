"""`orderlog man`: manual pages of all commands, for `man orderlog`."""

import sys
from copy import copy
from pathlib import Path

import click

from application.runtime.installation import NAME
from interface.cli.shared.session import Session

LONGEST = 200
"""How long the sentence on a command may be, in characters."""


@click.command()
@click.option(
    "--to", metavar="DIR", help="The folder for the pages; that of this environment if not given."
)
@click.pass_context
def man(context: click.Context, to: str | None) -> None:
    """Write the manual pages of all commands."""
    from importlib.metadata import version  # noqa: PLC0415 - see session.py

    from click_man.core import write_man_pages  # noqa: PLC0415

    session: Session = context.obj
    folder = Path(to) if to else Path(sys.prefix) / "share" / "man" / "man1"
    folder.mkdir(parents=True, exist_ok=True)
    whole = in_full(with_commands(context))
    write_man_pages(NAME, whole, version=version(NAME), target_dir=str(folder))
    pages = len(list(folder.glob(f"{NAME}*.1")))
    session.out.print(f"{folder} has {pages} pages: man {NAME}", soft_wrap=True, highlight=False)


def with_commands(context: click.Context) -> click.Group:
    """The command line with all its commands imported, which are otherwise when they are used."""
    top = context.find_root()
    group = top.command
    if not isinstance(group, click.Group):
        raise TypeError(group)
    commands = {name: group.get_command(top, name) for name in group.list_commands(top)}
    known = {name: each for name, each in commands.items() if each is not None}
    return click.Group(NAME, known, params=group.params, help=group.help)


def in_full(command: click.Command) -> click.Command:
    """The same with a whole sentence on each command; the library would cut it short."""
    whole = copy(command)
    whole.short_help = command.get_short_help_str(LONGEST)
    if isinstance(command, click.Group) and isinstance(whole, click.Group):
        whole.commands = {name: in_full(each) for name, each in command.commands.items()}
    return whole
