"""`orderlog catalog new`, `check`, `diff` and `schema`, and what `load` asks before it loads."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from application.catalog.json_schema import catalog_json_schema
from application.catalog.loading import example_catalog

EXAMPLE = example_catalog().decode()
SMALLER = EXAMPLE.replace("rows: 10,", "rows: 9,")
DEARER = EXAMPLE.replace('"18.00"', '"19.00"')


@pytest.fixture
def new(run, tmp_path):
    """Runs a command on a database that has the example."""
    database = f"sqlite:///{tmp_path / 'new.db'}"
    assert load(run, database, EXAMPLE).exit_code == 0
    return lambda *arguments, **more: run("--database", database, *arguments, **more)


def load(run, database, text, *more):
    command = ("--database", database, "catalog", "load", "-", *more)
    return run(*command, stdin=text.encode())


def test_new_writes_an_example_once(run, tmp_path):
    file = tmp_path / "ours.yaml"
    said = run("catalog", "new", str(file))
    assert (said.exit_code, file.read_text()) == (0, EXAMPLE)
    assert run("catalog", "check", str(file)).exit_code == 0
    file.write_text("ours")
    assert run("catalog", "new", str(file)).refused("ours.yaml", "exists")
    assert file.read_text() == "ours"


def test_new_writes_to_standard_output_and_catalog_yaml(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("catalog", "new", "-").out == EXAMPLE
    assert list(tmp_path.iterdir()) == []
    assert run("catalog", "new").exit_code == 0
    assert Path("catalog.yaml").read_text() == EXAMPLE
    assert run("catalog", "new", "no/such/folder.yaml").refused("folder.yaml")


def test_schema_prints_the_json_schema(run):
    assert run("catalog", "schema").out.encode() == catalog_json_schema()


def test_check_finds_all_faults_with_path_and_line(run):
    bad = EXAMPLE.replace("org: Town hall\n", "org: Town hal\n").replace("count: 100", "cuont: 100")
    bad = bad.replace("language: en\n", "language: english\n", 1)
    said = run("catalog", "check", "-", stdin=bad.encode())
    assert (said.exit_code, said.out) == (1, "")
    for word in ("Town hal\n", "cuont"):
        line = bad[: bad.index(word)].count("\n") + 1
        assert f"(line {line})" in said.err, said.err
    assert "Town hall may be meant" in said.err
    assert "count may be meant" in said.err
    as_json = run("catalog", "check", "--json", "-", stdin=bad.encode())
    assert as_json.exit_code == 1
    errors = json.loads(as_json.out)["errors"]
    assert {each["path"] for each in errors} >= {
        "partners[1].language",
        "events[0].org",
        "events[0].sets[2].tickets.cuont",
    }
    assert all(each["line"] for each in errors)


def test_check_says_what_a_good_file_has_and_needs_no_database(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = run("catalog", "check", "-", stdin=EXAMPLE.encode())
    assert said.exit_code == 0
    assert "events 1, tickets 345" in said.out
    assert run("catalog", "check", "--json", "-", stdin=EXAMPLE.encode()).document == {"errors": []}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00", b"partners: \xff", b"[", b"\x00", b"7"])
def test_what_is_no_catalogue_gets_one_line(run, new, text):
    for command in (run, new):
        said = command("catalog", "check", "-", stdin=text)
        assert (said.exit_code, len(said.err.splitlines())) == (1, 2)
    assert new("catalog", "diff", "-", stdin=text).exit_code == 1


def test_diff_shows_what_would_change_and_changes_nothing(new):
    before = new("catalog", "show", "--json").document
    said = new("catalog", "diff", "-", stdin=SMALLER.encode())
    assert said.exit_code == 0
    assert "20 removed (before: 0 sold, 0 held, 200 vacant)" in said.out
    assert "--yes" in said.out
    said = new("catalog", "diff", "-", stdin=DEARER.encode())
    assert ".nominal: 18.00 → 19.00" in said.out
    assert "--yes" not in said.out
    document = new("catalog", "diff", "--json", "-", stdin=SMALLER.encode()).document
    assert document["tickets"][0]["removed"] == 20
    assert new("catalog", "show", "--json").document == before
    said = new("catalog", "diff", "-", stdin=EXAMPLE.encode())
    assert said.out == "Loading this file changes nothing.\n"


def test_diff_needs_a_database_and_makes_none(run, tmp_path):
    file = tmp_path / "catalog.yaml"
    file.write_text(EXAMPLE)
    database = f"sqlite:///{tmp_path / 'none.db'}"
    assert run("--database", database, "catalog", "diff", str(file)).refused("none.db")
    assert [each.name for each in tmp_path.iterdir()] == ["catalog.yaml"]


def test_a_load_that_takes_something_off_sale_wants_yes(new):
    before = new("catalog", "show", "--json").document
    said = new("catalog", "load", "-", stdin=SMALLER.encode())
    assert (said.exit_code, said.out) == (1, "")
    assert "20 of 200 tickets leave the sale" in said.err
    assert "--yes" in said.err
    assert new("catalog", "show", "--json").document == before
    assert new("catalog", "load", "-", stdin=DEARER.encode()).exit_code == 0
    said = new("catalog", "load", "--yes", "--json", "-", stdin=SMALLER.encode())
    assert said.document["tickets_removed"] == 20


@pytest.mark.parametrize(("answer", "rows", "exit_code"), [("y", 325, 0), ("n", 345, 1)])
def test_a_person_at_a_terminal_is_asked(new, tmp_path, answer, rows, exit_code):
    file = tmp_path / "smaller.yaml"
    file.write_text(SMALLER)
    person, terminal = pty.openpty()
    os.write(person, f"{answer}\n".encode())
    database = f"sqlite:///{tmp_path / 'new.db'}"
    command = [sys.executable, "-m", "interface.cli.main", "--database", database]
    said = subprocess.run(
        [*command, "catalog", "load", str(file)],
        stdin=terminal,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "ORDERLOG_KEY_SECRET": str(tmp_path / "secret")},
    )
    os.close(person)
    os.close(terminal)
    assert said.returncode == exit_code, said.stderr
    assert "Load it? [y/N]" in said.stderr
    assert "Traceback" not in said.stderr
    [event] = new("catalog", "show", "--json").document["events"]
    assert sum(each["amount"] for each in event["sets"]) == rows
