"""The files of the embedded store: removed, replaced or mixed up, while it is open and before."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from polling import until
from store_writes import append, event, one

from application.ports.read_models import Page
from application.ports.store import OutcomeUnknown, StoreUnavailable
from application.read_models.orders import TABLE
from application.storage.sqlite.file_identity import FilesDiffer
from application.storage.sqlite.store import SqliteStore

KILLED_WITH_A_WAL = """
import os, sys
sys.path[:0] = ["tests/support"]
from store_writes import append, event, one
from application.storage.sqlite.store import SqliteStore
store = SqliteStore(sys.argv[1])
for order in sys.argv[2:]:
    one(store, append(store, order))
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "orders.db"


def named(path, side):
    return Path(f"{path}{side}")


def opened(path):
    return closing(SqliteStore(str(path)))


def killed_with_a_wal(path, *orders):
    """A process that stored orders and was killed: they are in the write-ahead log alone."""
    subprocess.run([sys.executable, "-c", KILLED_WITH_A_WAL, str(path), *orders], check=False)
    assert named(path, "-wal").stat().st_size > 0


def removed(path):
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def replaced(path):
    with closing(sqlite3.connect(path)) as log, closing(sqlite3.connect(f"{path}.copy")) as copy:
        log.backup(copy)
    named(path, ".copy").replace(path)


def side_removed(side):
    return lambda path: named(path, side).unlink()


def side_replaced(side):
    def replace(path):
        shutil.copy(named(path, side), named(path, ".copy"))
        named(path, ".copy").replace(named(path, side))

    return replace


WAYS = {
    "removed": removed,
    "replaced": replaced,
    "wal removed": side_removed("-wal"),
    "wal replaced": side_replaced("-wal"),
    "index removed": side_removed("-shm"),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_written_to_another_file_than_the_named_one_is_not_acknowledged(path, way):
    with opened(path) as store:
        one(store, append(store, "a"))
        WAYS[way](path)
        for order in "bc":
            with pytest.raises(StoreUnavailable, match="while it was open"):
                one(store, append(store, order))
        with pytest.raises(StoreUnavailable), store.change_catalog() as change:
            change.put("event", "show", b"{}")
        until(lambda: refuses(store.last_position), "it goes on reading a dead file")
        assert refuses(lambda: store.read_models().ensure(TABLE))
        assert refuses(lambda: store.read_models().page("orders", Page("number")))


def refuses(read):
    try:
        read()
    except StoreUnavailable:
        return True
    return False


def test_of_a_commit_during_which_the_file_goes_nobody_knows_the_outcome(path):
    with opened(path) as store:

        def decide(within, found):
            removed(path)
            store.recorder.insert_events([event("a")], within=within)

        write = append(store, "a")
        write.decide = decide
        with pytest.raises(OutcomeUnknown):
            one(store, write)


def test_a_file_that_comes_back_is_gone_on_with(path):
    with opened(path) as store:
        one(store, append(store, "a"))
        path.rename(named(path, ".away"))
        with pytest.raises(StoreUnavailable):
            one(store, append(store, "b"))
        named(path, ".away").rename(path)
        one(store, append(store, "c"))
        assert store.last_position() == 2


def test_a_missing_log_beside_its_companions_is_refused_and_none_is_made(path):
    with opened(path) as store:
        store.audit().recorded()
    for left in ("-views", "-views-witness"):
        path.unlink(missing_ok=True)
        with pytest.raises(FilesDiffer, match=left):
            SqliteStore(str(path))
        assert not path.exists()
        named(path, left).unlink()
    opened(path).thing.close()


def test_a_missing_log_beside_its_write_ahead_log_is_refused(path):
    killed_with_a_wal(path, "a")
    path.rename(named(path, ".away"))
    for side in ("-views", "-views-witness"):
        named(path, side).unlink(missing_ok=True)
    with pytest.raises(FilesDiffer, match="-wal"):
        SqliteStore(str(path))
    named(path, ".away").rename(path)
    with opened(path) as store:
        assert store.last_position() == 1


@pytest.mark.parametrize("companion", ["-views", "-views-witness"])
def test_companions_of_another_log_are_refused(path, companion):
    other = path.with_name("other.db")
    for each in (path, other):
        with opened(each) as store:
            store.audit().recorded()
    named(other, companion).replace(named(path, companion))
    with pytest.raises(FilesDiffer, match="put the right log back"), opened(path) as store:
        store.audit().recorded()


@pytest.mark.parametrize("put", [shutil.copy, shutil.move])
def test_a_write_ahead_log_of_another_file_is_refused_before_it_is_applied(path, put):
    with opened(path) as store:
        one(store, append(store, "a"))
    with closing(sqlite3.connect(path)) as log, closing(sqlite3.connect(f"{path}.bak")) as backup:
        log.backup(backup)
    killed_with_a_wal(path, "b", "c")
    put(named(path, ".bak"), path)
    before = path.read_bytes()
    with pytest.raises(FilesDiffer, match="spoil it"):
        SqliteStore(str(path))
    assert path.read_bytes() == before
    named(path, "-wal").unlink()
    named(path, "-shm").unlink()
    with opened(path) as store:
        assert store.last_position() == 1


def test_a_folder_that_was_moved_or_copied_is_opened_with_its_write_ahead_log(path, tmp_path):
    killed_with_a_wal(path, "a")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for each in tmp_path.glob("orders.db*"):
        shutil.copy(each, folder)
    for each in (path, folder / "orders.db"):
        with opened(each) as store:
            assert store.last_position() == 1


def test_after_a_kill_the_write_ahead_log_is_applied(path):
    killed_with_a_wal(path, "a")
    killed_with_a_wal(path, "b")
    with opened(path) as store:
        assert store.last_position() == 2


def test_a_log_that_is_open_can_be_opened_again_after_a_checkpoint(path):
    """At first its schema is in the write-ahead log alone, and then in the file."""
    with opened(path) as store:
        one(store, append(store, "a"))
        store._writer._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        with opened(path) as again:
            assert again.last_position() == 1
