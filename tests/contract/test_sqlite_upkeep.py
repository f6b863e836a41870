"""The write-ahead log of an SQLite file stays short, and a full disk stops no start."""

import os
import sqlite3
import subprocess
from contextlib import closing, suppress
from pathlib import Path

import pytest
from polling import until
from seller import BoxOffice
from store_writes import append, event, one

from application.bootstrap import build
from application.operations.health import check
from application.ports.read_models import Page
from application.ports.store import StoreUnavailable
from application.settings import Settings
from application.storage.sqlite import maintenance as sqlite_upkeep
from application.storage.sqlite.connections import WalLimits
from application.storage.sqlite.store import SqliteStore

LIMIT = 100_000


def append_much(store, name):
    write = append(store, name)
    write.decide = lambda within, found: store.recorder.insert_events(
        [event(name, state=b"x" * 20_000)], within=within
    )
    one(store, write)


def test_a_write_ahead_log_that_a_reader_made_grow_gets_short_again(tmp_path):
    limits = WalLimits(cut_to=LIMIT, retry_seconds=0.0)
    path = str(tmp_path / "orders.db")
    with closing(SqliteStore(path, limits)) as store:
        with closing(sqlite3.connect(path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM orders_events").fetchall()
            for number in range(50):
                append_much(store, f"before-{number}")
            assert store.wal_bytes() > 10 * LIMIT
        names = iter(range(1000))

        def goes_on():
            append_much(store, f"after-{next(names)}")
            return store.wal_bytes() < 2 * LIMIT

        until(goes_on, "it stays as long as it was")
        with closing(SqliteStore(path, limits)) as another:
            append_much(another, "more")
            store.close()
            assert another.wal_bytes() == 0
            assert another.last_position() > 50


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    with (folder / "other").open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_on_a_full_disk_it_starts_reads_and_says_so(small_disk):
    database = f"sqlite:///{small_disk / 'orders.db'}"
    office = BoxOffice(database)
    order = office.order()
    office.catch_up()
    office.services.close()
    fill(small_disk)
    office.services = services = build(Settings(database=database, sample=True), office.clock)
    try:
        services.start()
        assert len(services.store.events(order)) == 1
        assert len(services.store.read_models().page("orders", Page("number"))) == 1
        found = check(services.store, services.store_clock)
        assert (found.ready, "bytes left" in found.checks["disk"]) == (False, True)
        fill(small_disk)
        until(lambda: sold(office) is None, "it sells on a full disk")
        assert len(services.store.events(order)) == 1
        (small_disk / "other").unlink()
        until(lambda: sold(office), "it does not recover")
        assert check(services.store, services.store_clock).ready
    finally:
        services.close()


def sold(office):
    with suppress(StoreUnavailable):
        return office.order()
    return None


def test_the_reserve_is_spent_for_a_full_disk_alone(tmp_path):
    path = str(tmp_path / "orders.db")
    SqliteStore(path).close()
    reserve = Path(path + sqlite_upkeep.RESERVE)
    assert reserve.stat().st_size == sqlite_upkeep.RESERVE_BYTES
    os.truncate(path, 5000)
    with pytest.raises(StoreUnavailable):
        SqliteStore(path)
    assert reserve.exists()
