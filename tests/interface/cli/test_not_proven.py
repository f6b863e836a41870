"""What is not proven is not fine: exit code 3 and why; and what only reads makes nothing."""

import json

import pytest
from postgres_server import address as with_parts
from seller import BoxOffice
from tampering import Tampering

ORDER = "56a73b7ff06c5a21c393806b"
READING = [
    ["audit", "verify"],
    ["audit", "verify", "--json"],
    ["audit", "checkpoint"],
    ["audit", "key"],
    ["audit", "rotate-key"],
    ["audit", "acknowledge", "--reason", "none"],
    ["audit", "export", ORDER, "--to", "bundle.json"],
    ["backup", "--to", "copy.db"],
    ["catalog", "show"],
    ["expire"],
    ["key", "list"],
    ["log", "export", "--to", "archive"],
    ["order", "show", ORDER],
    ["order", "history", ORDER],
    ["order", "explain", ORDER],
    ["order", "diff", ORDER, "--from", "1", "--to", "2"],
    ["projection", "status"],
    ["projection", "rebuild", "orders"],
    ["projection", "rollback", "orders"],
]


@pytest.fixture
def empty(tmp_path, monkeypatch):
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return folder


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_what_only_reads_makes_nothing(empty, run, arguments, tmp_path):
    (empty / "nothing.db").touch()
    for database in (
        [],
        ["--database", "sqlite:///typo.db"],
        ["--database", "sqlite:///nothing.db"],
    ):
        ended = run(*database, *arguments)
        assert ended.exit_code == (3 if "verify" in arguments else 1), ended
        assert ended.out == ""
        [line] = ended.err.splitlines()
        assert "There is no" in line or "no log" in line
        assert [each.name for each in empty.iterdir()] == ["nothing.db"]
        assert (empty / "nothing.db").stat().st_size == 0
        assert not (tmp_path / "state").exists()


def test_nor_in_a_postgres_database(run, database):
    for arguments in (["audit", "verify"], ["order", "show", ORDER], ["catalog", "show"]):
        ended = run("--database", database, *arguments)
        assert ended.exit_code == (3 if "verify" in arguments else 1), ended
        assert "There is no log" in ended.err
    assert Tampering(database).run("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []


def test_nor_in_a_file_of_somebody_else(run, tmp_path):
    database = f"sqlite:///{tmp_path / 'other.db'}"
    Tampering(database).run("CREATE TABLE theirs (id INTEGER)")
    assert run("--database", database, "order", "show", ORDER).refused("There is no log")
    assert Tampering(database).run("SELECT name FROM sqlite_master") == [("theirs",)]


def test_a_copy_of_nothing_makes_nothing(empty, run):
    ended = run("copy", "--from", "sqlite:///typo.db", "--to", "sqlite:///new.db")
    assert ended.refused("There is no log", "typo.db")
    assert list(empty.iterdir()) == []


@pytest.fixture
def sold(address):
    with BoxOffice(address) as shop:
        shop.paid = shop.paid_order()
        shop.catch_up()
        yield shop


def test_a_log_that_nobody_has_signed(sold, run):
    ended = run("audit", "verify", "--database", sold.database)
    assert ended.exit_code == 3
    assert "Not proven: No good checkpoint" in ended.out
    assert "Nothing is wrong" not in ended.out
    document = json.loads(run("audit", "verify", "--json", "--database", sold.database).out)
    assert (document["wrong"], len(document["not_proven"])) == (0, 1)


def test_a_log_with_fewer_checkpoints_than_the_signer_remembers(sold, run, tmp_path, monkeypatch):
    monkeypatch.setenv("ORDERLOG_AUDIT_KEY", str(tmp_path / "key"))
    assert run("audit", "checkpoint", "--database", sold.database).exit_code == 0
    sold.order(0)
    assert run("audit", "checkpoint", "--database", sold.database).exit_code == 0
    sold.catch_up()
    assert run("audit", "verify", "--database", sold.database).exit_code == 0
    tampering = Tampering(sold.database)
    tampering.run("DELETE FROM checkpoints WHERE number = 2")
    tampering.run("UPDATE witness SET checkpoint = 1", file="-views-witness")
    ended = run("audit", "verify", "--database", sold.database)
    assert ended.exit_code == 3
    assert "remembers checkpoint 2" in ended.out
    assert "Nothing is wrong" not in ended.out


def test_a_bundle_whose_key_nobody_named(sold, run, tmp_path, monkeypatch):
    monkeypatch.setenv("ORDERLOG_AUDIT_KEY", str(tmp_path / "key"))
    bundle = str(tmp_path / "bundle.json")
    run("audit", "export", sold.paid, "--to", bundle, "--database", sold.database)
    ended = run("audit", "verify", "--bundle", bundle)
    assert ended.exit_code == 3
    assert "--key" in ended.out
    assert "Nothing is wrong" not in ended.out
    (tmp_path / "key.pub").write_text(run("audit", "key", "--database", sold.database).out)
    ended = run("audit", "verify", "--bundle", bundle, "--key", str(tmp_path / "key.pub"))
    assert (ended.exit_code, "Nothing is wrong." in ended.out) == (0, True)


@pytest.mark.parametrize(
    "part", [{"dbname": "orders_not_there"}, {"port": "1", "host": "127.0.0.1"}]
)
def test_a_database_that_cannot_be_reached_is_not_a_finding(run, server, part):
    ended = run("--database", with_parts(server.url, **part), "audit", "verify")
    assert ended.exit_code == 3, ended
    assert ended.err.startswith("Not proven: The database cannot be used now: ")
