"""Backups that are taken while orders are made, and put back."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sale import Sale
from server import orderlog, serving

from application.storage.sqlite.store import SqliteStore

pytestmark = pytest.mark.experiment


def orders_in(path):
    with closing(sqlite3.connect(path)) as log:
        rows = log.execute("SELECT DISTINCT originator_id FROM orders_events").fetchall()
    return {row[0] for row in rows}


@pytest.fixture
def backup(tmp_path):
    return str(tmp_path / "backup.db")


def test_a_backup_lacks_no_order_that_was_acknowledged_before_it(sqlite, log, backup, tmp_path):
    with serving(sqlite, log) as service, Sale(service) as sale:
        sale.goes_on()
        before = set(sale.done.values())
        made = orderlog("backup", "--to", backup, "--json", "--database", sqlite)
        assert made.returncode == 0, made.stderr
        sale.goes_on()
        refused = orderlog("restore", backup, "--overwrite", "--database", sqlite)
        assert refused.returncode == 1
        assert "is open in another process" in refused.stderr
        beyond = set(sale.done.values())
    found = orders_in(backup)
    assert before <= found
    assert not beyond <= found
    report = json.loads(made.stdout)["report"]
    assert (report["position"], report["wrong"]) == (len(found), 0)
    assert sorted(each.name for each in tmp_path.iterdir() if "backup" in each.name) == [
        "backup.db"
    ]
    before_restoring = len(orders_in(tmp_path / "orders.db"))
    refused = orderlog("restore", backup, "--database", sqlite)
    assert (refused.returncode, "is not empty" in refused.stderr) == (1, True)
    restored = orderlog("restore", backup, "--overwrite", "--json", "--database", sqlite)
    assert restored.returncode == 0, restored.stderr
    document = json.loads(restored.stdout)
    assert document["beyond"] == before_restoring - len(found)
    assert len(orders_in(document["kept"])) == before_restoring
    assert orders_in(tmp_path / "orders.db") == found
    short = str(report["position"] + 1)
    verified = orderlog("audit", "verify", "--json", "--at-least", short, "--database", sqlite)
    assert (verified.returncode, "The log ends at position" in verified.stdout) == (1, True)
    with serving(sqlite, log) as service:
        service.order()


@pytest.fixture
def small(tmp_path):
    """A database with an empty catalogue and one order's event, closed."""
    path = str(tmp_path / "small.db")
    with closing(SqliteStore(path)) as store:
        with store.change_catalog() as change:
            change.put("secret", "console", b'{"value": ""}')
        store.audit().recorded()
    return path


def test_a_backup_overwrites_nothing_without_being_told(small, backup):
    Path(backup).write_text("something else")
    refused = orderlog("backup", "--to", backup, "--database", f"sqlite:///{small}")
    assert (refused.returncode, "--overwrite" in refused.stderr) == (1, True)
    assert Path(backup).read_text() == "something else"
    made = orderlog("backup", "--to", backup, "--overwrite", "--database", f"sqlite:///{small}")
    assert made.returncode == 0, made.stderr


def test_what_is_no_backup_of_ours_replaces_nothing(small, backup):
    before = Path(small).read_bytes()
    Path(backup).write_bytes(b"\x17" * 9000)
    for _ in ("not a database", "another database"):
        refused = orderlog("restore", backup, "--overwrite", "--database", f"sqlite:///{small}")
        assert refused.returncode == 1
        assert len(refused.stderr.strip().splitlines()[-1]) > 10
        assert Path(small).read_bytes() == before
        Path(backup).unlink()
        with closing(sqlite3.connect(backup)) as other:
            other.execute("CREATE TABLE some (thing)")


def test_a_backup_of_another_log_sets_aside_what_was_seen_of_the_old_one(small, backup, tmp_path):
    other = str(tmp_path / "other.db")
    with closing(SqliteStore(other)) as store:
        log_id = store.log_id()
    made = orderlog("backup", "--to", backup, "--database", f"sqlite:///{other}")
    assert made.returncode == 0, made.stderr
    restored = orderlog(
        "restore", backup, "--overwrite", "--json", "--database", f"sqlite:///{small}"
    )
    document = json.loads(restored.stdout)
    assert (document["log_id"], document["beyond"]) == (log_id, None)
    assert Path(document["kept"] + "-views-witness").exists()
    with closing(SqliteStore(small)) as store:
        assert store.audit().recorded() == 0


def test_on_postgresql_it_says_what_to_use_instead(backup):
    refused = orderlog("backup", "--to", backup, "--database", "postgresql://nobody@nowhere/no")
    assert refused.returncode == 1
    assert "pg_basebackup" in refused.stderr
