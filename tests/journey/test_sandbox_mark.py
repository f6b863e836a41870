"""A database of the sandbox is never one that sells, nor the other way round."""

from contextlib import closing

import pytest
from click.testing import CliRunner
from polling import until
from sandbox import SHOW_OF_RULES, make_sandbox
from seller import BoxOffice
from server import Service, orderlog

from application.bootstrap import open_store
from application.catalog.sandbox_mark import is_sandbox
from application.ports.sandbox import MARK
from interface.cli.main import cli


def refused(*command):
    """Run a command that is refused; return its one sentence, which is all but logs and bars."""
    done = orderlog(*command) if command[0] == "serve" else here(*command)
    code = done.returncode if command[0] == "serve" else done.exit_code
    assert (code, done.stdout) == (1, ""), done.stderr
    [line] = [each for each in done.stderr.splitlines() if each[0] != "{" and "━" not in each]
    return line


def here(*command):
    """Run a command in this process, which is quicker."""
    return CliRunner().invoke(cli, command)


def run(*command):
    """Run a command that is carried out, here."""
    done = here(*command)
    assert done.exit_code == 0, done.output


@pytest.fixture
def sandbox(own_database):
    make_sandbox(own_database)
    return own_database


def test_a_database_of_the_sandbox_serves_nothing_else(sandbox, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(SHOW_OF_RULES)
    for command in (
        ("serve", "--port", "0"),
        ("serve", "--port", "0", "--sample"),
        ("catalog", "load", str(file)),
        ("catalog", "load", "--sample"),
        ("log", "export", "--to", str(tmp_path / "archive")),
    ):
        said = refused(*command, "--database", sandbox)
        assert said.startswith("This database is of the sandbox"), said
    with Service(sandbox, tmp_path / "log", "--sandbox") as service:
        assert service.order()


def test_a_copy_of_it_is_asked_for_by_name_and_is_one_itself(sandbox, tmp_path):
    target = f"sqlite:///{tmp_path / 'copy.db'}"
    said = refused("copy", "--from", sandbox, "--to", target)
    assert said.startswith("The source is of the sandbox"), said
    run("copy", "--sandbox", "--from", sandbox, "--to", target)
    with closing(open_store(target)) as store:
        assert is_sandbox(store)


def test_a_backup_of_it_is_put_back_by_name_only(sqlite, tmp_path):
    make_sandbox(sqlite)
    backup = str(tmp_path / "backup.db")
    run("backup", "--to", backup, "--database", sqlite)
    target = tmp_path / "restored.db"
    restore = ("restore", backup, "--database", f"sqlite:///{target}")
    assert refused(*restore).startswith("The backup is of the sandbox")
    assert not target.exists()
    run(*restore, "--sandbox")
    with closing(open_store(f"sqlite:///{target}")) as store:
        assert is_sandbox(store)


def test_a_backup_of_it_never_takes_the_place_of_a_database_that_sells(sqlite, tmp_path):
    make_sandbox(sqlite)
    backup, selling = str(tmp_path / "backup.db"), tmp_path / "selling.db"
    run("backup", "--to", backup, "--database", sqlite)
    with BoxOffice(f"sqlite:///{selling}", real_time=True) as office:
        order = office.order()
    unreadable = tmp_path / "unreadable.db"
    unreadable.write_bytes(b"no database" * 1000)
    for target in (selling, unreadable):
        command = ("restore", backup, "--sandbox", "--overwrite")
        said = refused(*command, "--database", f"sqlite:///{target}")
        assert "is not of the sandbox, or cannot be read" in said
    assert unreadable.read_bytes() == b"no database" * 1000
    with BoxOffice(f"sqlite:///{selling}", real_time=True) as office:
        assert office.services.history.order(order, office.caller()).order.id == order
    run("restore", backup, "--sandbox", "--overwrite", "--database", sqlite)


def test_a_database_that_has_sold_is_never_the_sandboxs(own_database):
    with BoxOffice(own_database, real_time=True) as office:
        office.order()
    said = refused("catalog", "load", "--sandbox", "--sample", "--database", own_database)
    assert said.startswith("This database is not of the sandbox")
    said = refused("serve", "--port", "0", "--sandbox", "--database", own_database)
    assert "orders that were sold without it" in said
    with closing(open_store(own_database)) as store:
        assert not is_sandbox(store)


def test_one_that_has_sold_nothing_may_become_the_sandboxs(own_database, tmp_path):
    with BoxOffice(own_database, real_time=True) as office:
        office.services.loop.start()
        until(lambda: office.store.read_models().state("holds").projector, "nobody projects")
        said = refused("serve", "--port", "0", "--sandbox", "--database", own_database)
        assert "is served without it" in said
    with (
        Service(own_database, tmp_path / "log", "--sandbox"),
        closing(open_store(own_database)) as s,
    ):
        assert is_sandbox(s)


def test_one_that_an_earlier_version_served_counts_as_marked(sandbox, tmp_path):
    with closing(open_store(sandbox)) as store, store.change_catalog() as change:
        change.remove(*MARK)
    said = refused("serve", "--port", "0", "--database", sandbox)
    assert said.startswith("This database is of the sandbox")
    with Service(sandbox, tmp_path / "log", "--sandbox"), closing(open_store(sandbox)) as store:
        assert MARK in store.catalog()
