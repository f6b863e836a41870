"""Commands say in words what is wrong, and what was meant."""

import re
from itertools import count

import pytest

from application.settings import Settings
from interface.cli.shared.progress_bars import bars_of_steps, events_bar, orders_bar
from interface.cli.shared.session import Session, sentence_of


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["sevre"], "serve"),
        (["catalogue", "load"], "catalog"),
        (["order", "hsitory", "1"], "history"),
        (["audit", "verfy"], "verify"),
    ],
)
def test_a_misspelt_command_is_answered_with_the_one_that_was_meant(run, words, meant):
    assert run(*words).wrong_usage(f"Did you mean {meant}?")


def test_a_command_like_no_other_is_answered_without_a_guess(run):
    said = run("xyzzy")
    assert said.wrong_usage("xyzzy")
    assert "Did you mean" not in said.err


@pytest.mark.parametrize(
    ("variable", "value", "what"),
    [
        ("ORDERLOG_THREADS", "0", "between|greater than or equal to 1"),
        ("ORDERLOG_THREADS", "many", "integer"),
        ("ORDERLOG_LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING, ERROR"),
        ("ORDERLOG_SAMPLE", "perhaps", "boolean"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_a_sentence(run, monkeypatch, variable, value, what):
    monkeypatch.setenv(variable, value)
    said = run("key", "list")
    assert said.refused(variable)
    assert re.search(what, said.err)
    assert not set("[]\"'") & set(said.err)


def test_variables_that_are_no_settings_are_named(run, office, monkeypatch):
    monkeypatch.setenv("ORDERLOG_DATABSE", "sqlite:///other.db")
    monkeypatch.setenv("ORDERLOG_XYZZY", "1")
    monkeypatch.setenv("ORDERLOG_TEST_POSTGRES", "")
    monkeypatch.setenv("ORDERLOG_THREADS", str(Settings().threads))
    said = run("key", "list", "--json", "--database", office.database)
    assert len(said.document) == 3
    nothing = "is not a setting of orderlog, and is ignored;"
    assert said.err.splitlines() == [
        f"ORDERLOG_DATABSE {nothing} did you mean ORDERLOG_DATABASE?",
        f"ORDERLOG_XYZZY {nothing} docs/settings.md lists them.",
    ]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", "a.txt"),
         "a.txt: no such file or directory."),
        (PermissionError(13, "Permission denied"), "Permission denied."),
        (OSError(18, "Invalid cross-device link", "a", None, "b"),
         "a to b: invalid cross-device link."),
        (OSError("Cannot listen on h:1: Address already in use."),
         "Cannot listen on h:1: Address already in use."),
        ("It failed ([Errno 2] No such file or directory: 'x/y').",
         "It failed (x/y: no such file or directory)."),
    ],
)  # fmt: skip
def test_what_the_system_says_is_said_without_its_number(error, said):
    assert sentence_of(error) == said


@pytest.mark.parametrize(
    "words",
    [
        ["copy", "--from", "sqlite:///{db}", "--to", "sqlite:///none/to.db"],
        ["backup", "--to", "none/b.db", "--database", "sqlite:///{db}"],
        ["restore", "none/b.db", "--database", "sqlite:///new.db"],
        ["audit", "verify", "--key", "none/key", "--database", "sqlite:///{db}"],
        ["audit", "verify", "--bundle", "none/bundle"],
        ["log", "import", "--from", "none", "--database", "sqlite:///new.db"],
    ],
)
def test_no_command_says_an_error_by_its_number(run, office, folder, words):
    path = office.database.removeprefix("sqlite:///")
    said = run(*(word.format(db=path) for word in words))
    assert said.exit_code in {1, 2}
    assert "Errno" not in said.err
    assert "none" in said.err


@pytest.fixture
def slow(monkeypatch):
    """A session by whose clock five seconds pass whenever it is asked."""
    monkeypatch.setenv("COLUMNS", "120")
    session, times = Session(), count(step=5)
    session.err.get_time = lambda: next(times)
    return session


def test_a_short_run_shows_a_rate_and_how_long_it_took(capsys, slow):
    with events_bar(slow, "Rebuilding orders") as report:
        report(40, 40)
    shown = capsys.readouterr().err
    assert re.search(r"40/40 [\d,]+ events/s 0:0(?!0:00)", shown), shown


def test_steps_end_with_how_long_they_took(capsys, slow):
    with bars_of_steps(slow) as report:
        report("events", 7, 7)
    assert re.search(r"events .*7/7 0:0(?!0:00)", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("total", "shown"), [(4000, "2,000 of 4,000 orders"), (None, "2,000 orders")]
)
def test_a_sale_shows_its_orders_and_their_rate_on_a_terminal(capsys, monkeypatch, total, shown):
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "150"}.items():
        monkeypatch.setenv(name, value)
    with orders_bar(Session(), total) as report:
        report("Putting tickets on sale", 0.5, 0)
        for orders in (0, 1000, 2000):
            report("Selling", orders / 4000, orders)
    text = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().err)
    assert re.search(rf"Selling .*{shown}, [\d,]+ orders/s [-\d]", text)
