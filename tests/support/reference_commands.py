"""The options of each command, as its chapter of docs/commands.md has them."""

import re
from functools import partial

import click

from interface.cli.main import cli

LITERAL = re.compile(
    r"(?<![\w`])(--[a-z][\w-]*|\?\w+=|ORDERLOG_\w+|X(?:-[A-Z]\w+)+|(?:GET |\w+:/)?/[^\s,;]*[\w}])"
)
"""What is typed or sent as it stands: options, variables, headers, calls, addresses."""


def commands(group=cli, path=()):
    """Every command there is, by the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands())


def options_of(command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


def options_table(command) -> str:

    context = click.Context(command)
    rows = [
        f"| `{spelling(each, context)}` | {meaning(each, context)} |\n"
        for each in options_of(command)
    ]
    return "| option | meaning |\n|---|---|\n" + "".join(rows)


def spelling(option: click.Option, context: click.Context) -> str:
    """How an option is given, without the choices: a bar would end the cell."""
    names = " / ".join((*option.opts, *option.secondary_opts))
    if option.is_flag:
        return names
    return f"{names} {'CHOICE' if choices(option, context) else option.make_metavar(context)}"


def meaning(option: click.Option, context: click.Context) -> str:
    """What help says of it: the sentences, then what is in brackets there."""
    extra = option.get_help_extra(context)
    said = [LITERAL.sub(r"`\1`", option.help)]
    if known := choices(option, context):
        said.append(f"One of {', '.join(f'`{each}`' for each in known)}.")
    if "default" in extra:
        said.append(f"Default: `{extra['default']}`.")
    if "range" in extra and option.type.max is not None:
        said.append(f"From {option.type.min:,} to {option.type.max:,}.")
    if "required" in extra:
        said.append("**Required.**")
    return " ".join(said)


def choices(option: click.Option, context: click.Context) -> list[str]:
    """The values that it can have, if they are listed."""
    value = "" if option.is_flag else option.make_metavar(context)
    return value.strip("[]").split("|") if "|" in value else []


TABLES = {
    f"options of {name}": partial(options_table, command)
    for name, command in COMMANDS.items()
    if options_of(command)
}
