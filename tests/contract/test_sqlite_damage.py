"""A file that can be made again is never in the way, whatever happens to it; the log is kept."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from seller import BoxOffice

from application.bootstrap import opener_of
from application.integrity.verification import verify, workers_for
from application.operations.health import check
from application.ports.read_models import Page
from application.ports.store import StoreUnavailable
from interface.cli.main import cli


def truncated(path):
    os.truncate(path, 0)


def cut(path):
    os.truncate(path, 5000)


def without_header(path):
    with path.open("r+b") as file:
        file.write(bytes(100))


def random_bytes(path):
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))


def a_folder(path):
    path.unlink()
    path.mkdir()


DAMAGED = [
    *(
        (file, damage)
        for file in ("list", "generation", "witness")
        for damage in (truncated, a_folder)
    ),
    ("list", without_header),
    ("generation", cut),
    ("witness", random_bytes),
]
"""Each file is emptied, made unreadable, and filled with what is no database: the three faults that
are noticed in different ways. SQLite reports the last kind in one way: one of it for each file."""


@pytest.fixture
def database(tmp_path):
    return tmp_path / "orders.db"


@pytest.fixture
def office(database):
    office = BoxOffice(f"sqlite:///{database}")
    office.orders = {office.order() for _ in range(3)}
    office.catch_up()
    office.services.checkpoints.make()
    yield office
    office.services.close()


def closed(office):
    """Without a write-ahead log beside any file."""
    office.services.close()


def generation(database):
    with closing(sqlite3.connect(f"{database}-views")) as views:
        (number,) = views.execute(
            "SELECT generation FROM read_models WHERE name = 'orders' AND live"
        ).fetchone()
    return f"{database}-views-orders-{number}"


FILES = {
    "list": lambda database: f"{database}-views",
    "generation": generation,
    "witness": lambda database: f"{database}-views-witness",
}


def listed(office):
    office.catch_up()
    return {row.key for row in office.services.store.read_models().page("orders", Page("number"))}


@pytest.mark.parametrize(
    ("file", "damage"), DAMAGED, ids=lambda each: getattr(each, "__name__", each)
)
def test_a_damaged_file_stops_no_start_and_is_made_anew(office, database, file, damage, caplog):
    path = Path(FILES[file](database))
    closed(office)
    damage(path)
    again = BoxOffice(f"sqlite:///{database}")
    try:
        again.order()
        assert len(listed(again)) == 4
        again.services.checkpoints.make()
        assert check(again.services.store, again.services.store_clock).ready
        report = verify(
            again.services.store,
            workers_for(again.services.store, opener_of(f"sqlite:///{database}"), 1),
            noted,
        )
    finally:
        again.services.close()
    if file == "witness":
        assert [each.kind for each in report.findings] == ["witness"]
        assert "witness_lost" in caplog.text
    else:
        assert report.findings == []
    assert Path(f"{path}.damaged").exists()
    assert "damaged_file_set_aside" in caplog.text


def noted(done, of):
    pass


@pytest.mark.parametrize("damage", [truncated, random_bytes], ids=lambda each: each.__name__)
@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_damaged_while_it_is_read_is_made_anew(office, database, file, damage):
    path = Path(FILES[file](database))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(path)
    other = BoxOffice(f"sqlite:///{database}")
    other.services.close()
    office.order()
    assert len(listed(office)) == 4
    office.order()
    assert len(listed(office)) == 5
    office.services.checkpoints.make()
    assert office.services.store.audit().recorded() == 5
    assert check(office.services.store, office.services.store_clock).ready


@pytest.mark.parametrize("gone", ["list", "generation", "witness"])
def test_a_file_that_is_removed_while_it_is_read_is_made_anew(office, database, gone):
    path = FILES[gone](database)
    for side in ("", "-wal", "-shm"):
        Path(path + side).unlink(missing_ok=True)
    office.services.store.read_models()._of_thread.opened.close([("orders", 1)])
    office.order()
    assert len(listed(office)) == 4
    office.services.checkpoints.make()


def test_what_was_set_aside_is_kept_beside_what_was_set_aside_before(office, database):
    closed(office)
    for number in range(3):
        random_bytes(Path(f"{database}-views"))
        again = BoxOffice(f"sqlite:///{database}")
        again.services.close()
        assert len(list(database.parent.glob("*-views.damaged*"))) == number + 1


@pytest.mark.parametrize("damage", [without_header, random_bytes], ids=lambda each: each.__name__)
def test_a_damaged_log_is_left_as_it_is_and_refused_with_what_to_do(office, database, damage):
    closed(office)
    damage(database)
    before = database.read_bytes()
    with pytest.raises(StoreUnavailable, match="orderlog restore"):
        BoxOffice(f"sqlite:///{database}")
    refused = CliRunner().invoke(cli, ["order", "history", "a", "--database", office.database])
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert database.read_bytes() == before
