"""Manual pages of every command, and what a shell completes."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from source import ROOT

from interface.cli.main import cli

ORDERLOG = f"orderlog() {{ '{sys.executable}' -m interface.cli.main \"$@\"; }}"
PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def commands(group, path):
    yield path
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            yield from commands(group.get_command(context, name), (*path, name))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("man") / "man1"
    said = in_bash(f"orderlog man --to '{folder}'")
    assert said == f"{folder} has {len(list(folder.iterdir()))} pages: man orderlog\n"
    return folder


def in_bash(line, **environment):
    done = subprocess.run(
        ["bash", "-euc", f"{ORDERLOG}; {line}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_each_command_has_a_page(pages):
    wanted = {f"{'-'.join(path)}.1" for path in commands(cli, ("orderlog",))}
    assert {each.name for each in pages.iterdir()} == wanted
    top = (pages / "orderlog.1").read_text(encoding="utf-8")
    assert f'"{version("orderlog")}" "orderlog Manual"' in top
    assert "Copy an SQLite log to one file, and verify" in top
    assert "..." not in top.replace("[ARGS]...", "")


def test_man_reads_each_page_without_a_warning(pages):
    if shutil.which("man") is None or shutil.which("groff") is None:
        pytest.skip("there is no man here")
    for page in sorted(pages.iterdir())[::10]:
        read = subprocess.run(
            ["man", "--warnings=all", "-l", page], capture_output=True, text=True, check=True
        )
        assert read.stderr == ""
        assert "DESCRIPTION" in read.stdout


def test_the_pages_of_an_environment_are_where_man_looks_for_them(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    cli(["man"], standalone_mode=False)
    assert (tmp_path / "share" / "man" / "man1" / "orderlog-serve.1").is_file()


@pytest.mark.parametrize(
    ("words", "place", "wanted"),
    [
        ("orderlog we", 1, {"webhook"}),
        ("orderlog webhook p", 2, {"pause", "ping"}),
        ("orderlog serve --sa", 2, {"--sample", "--sandbox"}),
    ],
)
def test_a_shell_completes_commands_and_options(words, place, wanted):
    said = in_bash(
        "orderlog", _ORDERLOG_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(place)
    )
    assert {line.split(",")[1] for line in said.splitlines()} == wanted


def test_the_scripts_of_the_page_are_there_and_bash_takes_its_own():
    asked = re.findall(r"_ORDERLOG_COMPLETE=(\w+) orderlog > (\S+/_?orderlog\S*)`", PAGE)
    assert [shell for shell, _ in asked] == ["bash_source", "zsh_source", "fish_source"]
    for shell, file in asked:
        assert "_ORDERLOG_COMPLETE" in in_bash("orderlog", _ORDERLOG_COMPLETE=shell)
        assert Path(file).name in {"orderlog", "_orderlog", "orderlog.fish"}
    loaded = in_bash('eval "$(_ORDERLOG_COMPLETE=bash_source orderlog)"; complete -p orderlog')
    assert loaded.endswith(" orderlog\n")


def test_help_and_errors_name_the_command_as_it_is_called():
    assert in_bash("orderlog --help").startswith("Usage: orderlog [OPTIONS] COMMAND [ARGS]...")
