"""Files with orders, buyers or keys are for their owner alone, whatever the umask."""

import os
import stat

import pytest
from server import orderlog, serving

from application.runtime.private_files import write_named


@pytest.fixture
def open_to_all(monkeypatch):
    """A umask that keeps nothing from anybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_files(folder):
    """What others may read, write or enter."""
    return {
        str(each.relative_to(folder))
        for each in folder.rglob("*")
        if stat.S_IMODE(each.lstat().st_mode) & 0o077 and not each.is_symlink()
    }


def test_all_that_commands_write(tmp_path, monkeypatch, open_to_all):
    pytest.importorskip("pyarrow")
    folder = tmp_path / "data"
    folder.mkdir(0o700)
    database = f"sqlite:///{folder / 'orders.db'}"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    log = tmp_path / "log"
    with serving(database, log) as service:
        order = service.order()
        for arguments in (
            ["projection", "rebuild", "orders"],
            ["audit", "export", order, "--to", str(folder / "bundle.json")],
            ["backup", "--to", str(folder / "backup.db")],
            ["log", "export", "--to", str(folder / "archive")],
            ["log", "import", "--from", str(folder / "archive"), "--database", "sqlite:///new.db"],
        ):
            monkeypatch.chdir(folder)
            database_of = [] if "import" in arguments else ["--database", database]
            done = orderlog(*arguments, *database_of)
            assert done.returncode == 0, done.stderr
        made = {each.name for each in folder.rglob("*")}
        assert made >= {"orders.db", "orders.db-wal", "orders.db-views", "bundle.json", "backup.db"}
        assert made >= {"_archive.json", "new.db", "audit-key"}
        assert open_files(folder) == set()


def test_what_is_no_plain_file_is_written_into(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.touch()
    link.symlink_to(target)
    write_named(link, b"written")
    assert link.is_symlink()
    assert target.read_bytes() == b"written"


def test_all_that_a_store_writes_by_itself(tmp_path, open_to_all, office):
    """Without the command line, which has the umask for it."""
    office.order(0)
    office.catch_up()
    office.services.checkpoints.make()
    assert open_files(tmp_path) == set()
