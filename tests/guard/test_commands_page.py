"""docs/commands.md has a chapter for every command, with its options and an example."""

import re

import click
import pytest
from reference_commands import COMMANDS, options_of
from source import ROOT

from application.ports.admin_trail import Action

PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
CHAPTERS = dict(
    re.findall(r"^## `orderlog ([^`]+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
)


def test_the_page_has_a_chapter_for_every_command_and_for_no_other():
    assert CHAPTERS.keys() == COMMANDS.keys()
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("name", COMMANDS)
def test_a_chapter_has_the_table_of_its_own_options_and_no_other(name):
    """What is in the table is compared in test_reference_pages.py."""
    marks = re.findall(r"^<!-- made from code: (.+) -->$", CHAPTERS[name], re.MULTILINE)
    assert marks == ([f"options of {name}"] if options_of(COMMANDS[name]) else [])
    assert CHAPTERS[name].count("| option | meaning |") == len(marks)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_chapter_names_every_argument(name):
    command = COMMANDS[name]
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    for argument in arguments:
        assert f"`{argument.make_metavar(click.Context(command)).strip('[]')}`" in CHAPTERS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_chapter_has_an_example_with_what_is_printed(name):
    [(called, printed)] = re.findall(
        r"^```console\n\$ (orderlog [^\n]+)\n(.+?)^```$", CHAPTERS[name], re.MULTILINE | re.DOTALL
    )
    assert called.startswith(f"orderlog {name}")
    assert printed.strip()


def test_every_administrative_action_is_listed():
    assert set(re.findall(r"`([a-z]+\.[a-z]+)`", CHAPTERS["trail"])) == set(Action)
