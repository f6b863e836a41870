"""docs/commands.md has a chapter for every command, with every option and an example."""

import re

import click
import pytest
from source import ROOT

from application.ports.admin_trail import Action
from interface.cli.main import cli

PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
CHAPTERS = dict(
    re.findall(r"^## `orderlog ([^`]+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
)


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


def test_the_page_has_a_chapter_for_every_command_and_for_no_other():
    assert CHAPTERS.keys() == COMMANDS.keys()
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("name", COMMANDS)
def test_a_chapter_names_every_option_and_argument_and_no_other(name):
    chapter = CHAPTERS[name]
    named = set(re.findall(r"^\| `(--[\w-]+)", chapter, re.MULTILINE))
    options = [each for each in COMMANDS[name].params if isinstance(each, click.Option)]
    assert named == {each.opts[0] for each in options}
    arguments = [each for each in COMMANDS[name].params if isinstance(each, click.Argument)]
    for argument in arguments:
        assert f"`{argument.make_metavar(click.Context(COMMANDS[name])).strip('[]')}`" in chapter


@pytest.mark.parametrize("name", COMMANDS)
def test_a_chapter_has_an_example_with_what_is_printed(name):
    [(called, printed)] = re.findall(
        r"^```console\n\$ (orderlog [^\n]+)\n(.+?)^```$", CHAPTERS[name], re.MULTILINE | re.DOTALL
    )
    assert called.startswith(f"orderlog {name}")
    assert printed.strip()


def test_every_administrative_action_is_listed():
    assert set(re.findall(r"`([a-z]+\.[a-z]+)`", CHAPTERS["trail"])) == set(Action)
