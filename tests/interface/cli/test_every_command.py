"""What holds for every command: help, one clear line for what cannot be, never a traceback."""

import sqlite3
from contextlib import closing
from importlib.resources import files

import pytest
from reference_commands import COMMANDS, options_of
from seller import ORGANISER

NOBODYS = "5" * 24
EXAMPLE = str(files("application").joinpath("example_catalog.yaml"))
ARGUMENTS = {
    "serve": ["--port", "0"],
    "catalog load": ["--sample"],
    "catalog new": ["-"],
    "catalog check": [EXAMPLE],
    "catalog diff": [EXAMPLE],
    "catalog schema": [],
    "catalog show": [],
    "key create": ["--partner", ORGANISER],
    "key list": [],
    "key revoke": ["2dee4130"],
    "key rotate": ["2dee4130"],
    "key reset": ["--yes"],
    "order show": [NOBODYS],
    "order history": [NOBODYS],
    "order diff": [NOBODYS, "--from", "0", "--to", "1"],
    "payment list": [],
    "payment show": [NOBODYS],
    "payment resolve": [NOBODYS, "--as", "keep", "--note", "why"],
    "payment refund": [NOBODYS, "--paid"],
    "projection list": [],
    "projection status": [],
    "projection rebuild": ["orders"],
    "projection rollback": ["orders"],
    "log export": ["--to", "archive"],
    "log import": ["--from", "archive"],
    "audit verify": [],
    "audit acknowledge": ["--reason", "A backup was put back"],
    "backup": ["--to", "backup.db"],
    "restore": ["backup.db"],
    "audit checkpoint": [],
    "audit key": [],
    "audit rotate-key": [],
    "audit export": [NOBODYS, "--to", "bundle.json"],
    "expire": ["--once"],
    "order explain": [NOBODYS],
    "drill": ["--seconds", "1"],
    "conform": ["http://127.0.0.1:1", "--key", "no-key"],
    "deal end": ["56a0f0c2f06c5a7d1e00beef"],
    "deal resume": ["56a0f0c2f06c5a7d1e00beef"],
    "partner suspend": [ORGANISER],
    "partner resume": [ORGANISER],
    "trail": [],
    "doctor": [],
    "feed show": [],
    "feed publish": ["--to", "nats://127.0.0.1:1"],
    "webhook add": ["https://shop.example/news", "--partner", ORGANISER],
    "webhook list": [],
    "webhook show": [NOBODYS],
    "webhook change": [NOBODYS],
    "webhook rotate": [NOBODYS],
    "webhook remove": [NOBODYS, "--yes"],
    "webhook pause": [NOBODYS],
    "webhook resume": [NOBODYS],
    "webhook again": [NOBODYS, "--after", "0"],
    "webhook log": [NOBODYS],
    "webhook ping": [NOBODYS],
}
"""A good call of every command that works on a database."""
NEEDS_NO_DATABASE = {
    *("catalog new", "catalog check", "catalog schema"),
    *("conform", "demo", "projection list", "drill", "copy", "man", "config"),
}
ON_A_DATABASE = [name for name in ARGUMENTS if name not in NEEDS_NO_DATABASE]


def test_every_command_is_called_here():
    assert COMMANDS.keys() == ARGUMENTS.keys() | NEEDS_NO_DATABASE


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps(run, name):
    said = run(*name.split(), "--help")
    assert said.exit_code == 0
    assert said.out.startswith("Usage: ")


@pytest.mark.parametrize(
    "group", ["", "catalog", "key", "order", "projection", "log", "audit", "webhook", "feed"]
)
def test_a_list_of_commands_fits_into_its_lines(run, monkeypatch, group):
    monkeypatch.setenv("COLUMNS", "80")
    commands = run(*group.split(), "--help").out.partition("Commands:")[2]
    assert commands
    assert "..." not in commands


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_says_what_it_is_for(name):
    command = COMMANDS[name]
    assert command.help
    options = options_of(command)
    assert [each.name for each in options if not (each.help or "").endswith(".")] == []
    assert [each.name for each in options if each.multiple and "repeated" not in each.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_takes_what_it_does_not_know(run, name):
    assert run(*name.split(), "--no-such-option").wrong_usage("--no-such-option")
    if all(each.nargs != -1 for each in COMMANDS[name].params):
        assert run(*name.split(), *ARGUMENTS.get(name, []), "one", "too", "many").wrong_usage()


@pytest.mark.parametrize("words", [["sell"], ["order", "sell"], ["--no-such-option"]])
def test_a_command_that_is_not_there_is_wrong_usage(run, words):
    assert run(*words).wrong_usage(words[-1])


@pytest.fixture(
    params=[
        "nothing",
        "sqlite",
        "sqlite:///",
        "sqlite:orders.db",
        "mysql://user@host/name",
        "postgresql://[::1/name",
        "postgresql://nobody@127.0.0.1:1/none",
        "sqlite:///{folder}",
        "sqlite:///{folder}/none/orders.db",
        "sqlite:///{folder}/text",
        "",
    ]
)
def no_database(request, tmp_path):
    """Addresses of what is no database of ours."""
    (tmp_path / "text").write_text("This is a letter, not a database.\n" * 100, encoding="utf-8")
    return request.param.format(folder=tmp_path)


def test_what_is_no_database_is_refused(run, no_database):
    """One command for all: they open it in the same way."""
    assert run("--database", no_database, "key", "list").refused()


@pytest.mark.parametrize("name", ON_A_DATABASE)
def test_every_command_refuses_what_is_no_database(run, tmp_path, name):
    assert run(*name.split(), *ARGUMENTS[name], "--database", f"sqlite:///{tmp_path}").refused()


def test_a_database_of_a_later_version_is_refused(run, tmp_path):
    database = f"sqlite:///{tmp_path / 'orders.db'}"
    assert run("catalog", "load", "--sample", "--database", database).exit_code == 0
    with closing(sqlite3.connect(tmp_path / "orders.db")) as opened, opened:
        opened.execute("UPDATE counters SET value = 999 WHERE name = 'layout'")
    assert run("key", "list", "--database", database).refused("layout 999")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ORDERLOG_THREADS", "many"),
        ("ORDERLOG_THREADS", "0"),
        ("ORDERLOG_SWEEP_SECONDS", "-1"),
        ("ORDERLOG_SAMPLE", "perhaps"),
        ("ORDERLOG_LOG_LEVEL", "LOUD"),
        ("ORDERLOG_DATABASE", "nothing"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(run, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    said = run("key", "list")
    assert said.refused(value if variable == "ORDERLOG_DATABASE" else variable)


def test_the_option_wins_over_the_environment(run, office, monkeypatch):
    monkeypatch.setenv("ORDERLOG_DATABASE", "nothing")
    assert len(run("key", "list", "--json", "--database", office.database).document) == 3
    assert len(run("--database", office.database, "key", "list", "--json").document) == 3


def test_the_database_can_be_named_by_the_environment(run, office, monkeypatch):
    monkeypatch.setenv("ORDERLOG_DATABASE", office.database)
    assert len(run("key", "list", "--json").document) == 3
