"""Names that are no files are refused by every command, and no password is ever shown."""

import os
import subprocess
from pathlib import Path

import pytest
from postgres_server import address as with_parts
from server import ORDERLOG
from test_every_command import ARGUMENTS, ON_A_DATABASE

from application.database_address import without_passwords

NO_FILES = [
    "sqlite:///:memory:",
    "sqlite:///:anything",
    "sqlite:///./:memory:",
    "sqlite:///file:orders.db",
    "sqlite:///file::memory:?cache=shared",
    "sqlite:///file:/tmp/orders.db?mode=memory",
    "sqlite:///FILE:orders.db",
    "sqlite:///",
    "sqlite:///  ",
    "sqlite:////dev/null",
    "sqlite:///.",
    "sqlite:////tmp",
    "sqlite:///orders/",
    "sqlite:///orders\0.db",
]
SECRET = "s3cret"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("url", NO_FILES)
def test_a_name_that_is_no_file_is_refused(run, folder, url):
    assert run("--database", url, "key", "list").refused("use sqlite:///FILE")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ON_A_DATABASE)
@pytest.mark.parametrize("url", ["sqlite:///:memory:", "sqlite:///file:a.db?mode=memory"])
def test_every_command_refuses_it(run, folder, name, url):
    assert run(*name.split(), *ARGUMENTS[name], "--database", url).refused("sqlite:///FILE")
    assert list(folder.iterdir()) == []


def test_a_copy_and_a_drill_refuse_it_on_either_side(run, office, folder):
    memory = "sqlite:///:memory:"
    assert run("copy", "--from", memory, "--to", "sqlite:///to.db").refused("in memory")
    assert run("copy", "--from", office.database, "--to", memory).refused("in memory")
    assert run("drill", "--seconds", "1", "--database", memory).refused("in memory")


def test_odd_names_of_real_files_are_files(run, folder):
    for name in ("a b.db", "ü?mode=ro#1.db", "memory", "profile:1.db", "50%20.db"):
        loaded = run("catalog", "load", "--sample", "--database", f"sqlite:///{name}")
        assert loaded.exit_code == 0
        assert (folder / name).is_file()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://u:s3cret@h:5432/db", "postgresql://u:***@h:5432/db"),
        ("postgresql://u:p@s3cret@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:p/s3cret@h/db", "postgresql://u:***@h/db"),
        ("postgresql://:s3cret@h/db", "postgresql://:***@h/db"),
        ("postgresql:///db?user=u&password=s3cret&host=h", "postgresql:///db?user=u&password=***&host=h"),
        ("postgresql:///db?sslpassword=s3cret", "postgresql:///db?sslpassword=***"),
        ("host=h password='s3c ret' user=u", "host=h password=*** user=u"),
        ("mysql://u:s3cret@h/db", "mysql://u:***@h/db"),
        ("postgresql://h:5432/db?user=me@there", "postgresql://h:5432/db?user=me@there"),
        ("postgresql://u@h:5432/db", "postgresql://u@h:5432/db"),
        ("postgresql://[::1]:5432/db", "postgresql://[::1]:5432/db"),
        ("sqlite:////var/lib/a@b.db", "sqlite:////var/lib/a@b.db"),
    ],
)  # fmt: skip
def test_a_password_is_hidden_wherever_it_stands(given, shown):
    assert without_passwords(given) == shown


WITH_PASSWORDS = [
    f"mysql://u:{SECRET}@h/db",
    f"postgresql://u:{SECRET}@127.0.0.1:1/db",
    f"postgresql://u:x/{SECRET}@127.0.0.1:1/db",
    f"postgresql://u:{SECRET}/x@127.0.0.1:1/db",
    f"postgresql://u:x@{SECRET}@127.0.0.1:1/db",
    f"postgresql://u:{SECRET}@[::1/db",
    f"postgresql://u@127.0.0.1:1/db?password={SECRET}&nonsense=1",
    f"u:{SECRET}@h password={SECRET}",
]


@pytest.mark.parametrize("url", [*WITH_PASSWORDS[:-1], f"host=h password={SECRET}"])
def test_no_refusal_shows_a_password(run, monkeypatch, url):
    monkeypatch.setenv("ORDERLOG_DATABASE", url)
    for words in (["key", "list"], ["backup", "--to", "b.db"], ["serve", "--port", "0"]):
        said = run(*words)
        assert said.refused()
        assert SECRET not in said.err


@pytest.mark.parametrize("words", [["--database"], ["key", "list", "--database"]])
@pytest.mark.parametrize("url", WITH_PASSWORDS[:3])
def test_a_password_on_the_command_line_is_refused(run, words, url):
    said = run(*words, url, *(["key", "list"] if len(words) == 1 else []))
    assert said.refused("PGPASSWORD", "~/.pgpass", "ORDERLOG_DATABASE")
    assert SECRET not in said.err


def test_copies_and_drills_refuse_it_too(run, office):
    url = WITH_PASSWORDS[1]
    assert run("copy", "--from", url, "--to", office.database).refused("~/.pgpass")
    assert run("copy", "--from", office.database, "--to", url).refused("~/.pgpass")
    assert run("drill", "--seconds", "1", "--database", url).refused("~/.pgpass")


def test_wrong_usage_shows_no_password(run):
    said = run("key", "list", WITH_PASSWORDS[1])
    assert said.wrong_usage("***")
    assert SECRET not in said.err


def processes_with(text):
    """The command lines of all processes that have this text in them."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes()
        except OSError:
            continue
        if text.encode() in line:
            found.append(line)
    return found


def test_a_service_never_shows_the_password(database, tmp_path):
    """By the environment: not in its line, its logs, or the list of processes."""
    url = with_parts(database, password=SECRET)
    environment = {"ORDERLOG_DATABASE": url}
    log = tmp_path / "log"
    command = [*ORDERLOG, "serve", "--port", "0", "--sample"]
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            line = process.stdout.readline()
            assert "password=***" in line
            assert SECRET not in line
            assert processes_with(SECRET) == []
        finally:
            process.terminate()
    assert SECRET not in log.read_text(encoding="utf-8")
