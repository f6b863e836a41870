"""The log as an archive: nothing is lost or changed on the way there and back."""

import json
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from clock import NOON
from eventsourcing.persistence import StoredEvent
from killing import Fuse, Killed, Mortal
from mixed_orders import load_shows, make_mixed_orders

from application.archive.export import Sizes, export_log
from application.archive.importing import import_log
from application.archive.manifest import BadArchive, read_manifest
from application.bootstrap import build, open_copyable
from application.copying.copy import NotCopied
from application.ports.copyable import EVENTS
from application.projector.generations import Loading
from application.projector.loop import catch_up
from application.projector.rebuild import rebuild
from application.read_models.registry import PROJECTIONS
from application.read_models.sales import DAY
from application.settings import Settings
from interface.cli.main import cli


def quietly(*_):
    pass


def whole(services):
    """All events as they are stored, with their positions and hashes."""
    with closing(open_copyable(services.settings.database, make=False)) as source:
        return [tuple(row) for row in source.rows(EVENTS, None, 1_000_000)]


@contextmanager
def opened(address):
    services = build(Settings(database=address))
    yield services
    services.close()


SMALL = Sizes(batch=50, group=60, partition=200)


def archive(services, folder, calls=0):
    """Export; with `calls` be killed after so many."""
    fuse = Fuse(calls)
    with closing(open_copyable(services.settings.database, make=False)) as source:
        return export_log(
            Mortal(source, fuse), services.store.last_position(), folder, quietly, SMALL
        )


@pytest.fixture
def sold(services):
    """A service that has sold in two months."""
    load_shows(services.store, 400)
    make_mixed_orders(services, 60, batch=30)
    make_mixed_orders(services, 40, batch=20, seed=2, start=NOON + timedelta(days=31))
    return services


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "archive"


def archived(folder):
    """All events of an archive as they are in its files, by position."""
    events = []
    for file in folder.glob("month=*/*.parquet"):
        table = pq.read_table(file, partitioning=None)
        names = ("position", "order_id", "version", "name", "state", "hash")
        events += zip(*(table[name].to_pylist() for name in names), strict=True)
    return sorted(events)


def test_the_archive_has_every_event_with_its_bytes(sold, folder):
    manifest = archive(sold, folder)
    assert archived(folder) == whole(sold)
    assert manifest.position == sold.store.last_position()
    assert manifest.events == len(whole(sold))
    assert {file.parent.name for file in folder.glob("*/*")} == {"month=2030-06", "month=2030-07"}


def test_a_round_trip_changes_no_byte_and_no_position(sold, folder, address, tmp_path):
    archive(sold, folder)
    target = f"sqlite:///{tmp_path / 'imported.db'}"
    with closing(open_copyable(target, make=True)) as copy:
        import_log(folder, copy, quietly)
    with opened(target) as imported:
        assert whole(imported) == whole(sold)


def test_an_imported_log_goes_on_beyond_its_positions_and_numbers(
    sold_here, folder, tmp_path, clock
):
    archive(sold_here, folder)
    target = f"sqlite:///{tmp_path / 'imported.db'}"
    with closing(open_copyable(target, make=True)) as copy:
        import_log(folder, copy, quietly)
    services = build(Settings(database=target), clock)
    load_shows(services.store, 10)
    last = services.store.last_position()
    [order] = make_mixed_orders(services, 1, seed=3)
    assert services.store.events(order)[0].id > last
    catch_up(services.store, "orders")
    numbers = [row.columns[3] for row in table(services, "orders")]
    assert len(set(numbers)) == len(numbers)
    services.close()


@pytest.fixture
def target(request, tmp_path):
    """An empty PostgreSQL database."""
    return request.getfixturevalue("database")


def test_an_archive_of_one_kind_of_store_can_be_imported_into_the_other(
    folder, target, tmp_path, clock
):
    services = build(Settings(database=f"sqlite:///{tmp_path / 'sold.db'}"), clock)
    load_shows(services.store, 400)
    make_mixed_orders(services, 60, batch=30)
    events = whole(services)
    archive(services, folder)
    services.close()
    answer = orderlog("log", "import", "--from", str(folder), "--database", target)
    assert answer.exit_code == 0, answer.output
    assert str(len(events)) in answer.stdout
    with opened(target) as imported:
        assert whole(imported) == events


def test_what_is_archived_already_is_not_written_again(sold_here, folder):
    first = archive(sold_here, folder)
    assert archive(sold_here, folder) == first
    make_mixed_orders(sold_here, 20, seed=4, start=NOON + timedelta(days=62))
    second = archive(sold_here, folder)
    assert second.files[: len(first.files)] == first.files
    assert archived(folder) == whole(sold_here)


def test_an_export_that_is_killed_anywhere_goes_on_where_it_was(sold_here, folder):
    calls = 1
    while True:
        try:
            archive(sold_here, folder, calls)
        except Killed:
            calls += 1
        else:
            break
    assert calls > 3
    assert archived(folder) == whole(sold_here)
    assert read_manifest(folder).events == len(whole(sold_here))


def test_an_import_that_was_interrupted_goes_on_and_is_not_opened_before(
    sold_here, folder, tmp_path
):
    archive(sold_here, folder)
    target = f"sqlite:///{tmp_path / 'imported.db'}"

    def stop(what, done, total):
        if what.startswith("comparing"):
            raise Killed

    with closing(open_copyable(target, make=True)) as copy, pytest.raises(Killed):
        import_log(folder, copy, stop)
    answer = orderlog("projection", "status", "--database", target)
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    with closing(open_copyable(target, make=True)) as copy:
        import_log(folder, copy, quietly)
    with opened(target) as imported:
        assert whole(imported) == whole(sold_here)


def orderlog(*arguments):
    return CliRunner().invoke(cli, arguments)


def test_only_an_empty_database_can_be_imported_into(sold, folder, address):
    archive(sold, folder)
    with closing(open_copyable(address, make=True)) as copy, pytest.raises(NotCopied):
        import_log(folder, copy, quietly)


@pytest.fixture
def exported(sold_here, folder):
    archive(sold_here, folder)
    return folder


@pytest.fixture
def here(tmp_path):
    return f"sqlite:///{tmp_path / 'here.db'}"


@pytest.fixture
def sold_here(here, clock):
    services = build(Settings(database=here), clock)
    load_shows(services.store, 400)
    make_mixed_orders(services, 100, batch=50)
    yield services
    services.close()


def test_a_file_that_was_changed_is_named(exported, tmp_path):
    path = exported / read_manifest(exported).files[1].path
    bytes_ = bytearray(path.read_bytes())
    bytes_[100] ^= 1
    path.write_bytes(bytes_)
    empty = f"sqlite:///{tmp_path / 'empty.db'}"
    answer = orderlog("log", "import", "--from", str(exported), "--database", empty)
    assert answer.exit_code == 1
    assert path.name in answer.stderr
    path.unlink()
    answer = orderlog("log", "import", "--from", str(exported), "--database", empty)
    assert f"{path} is missing." in answer.stderr.replace("\n", "")


def test_a_folder_that_is_no_archive_is_refused(sold_here, tmp_path):
    strange = tmp_path / "strange"
    strange.mkdir()
    with pytest.raises(BadArchive, match="is not an archive"):
        read_manifest(strange)
    (strange / "letter.txt").write_text("Dear customer")
    with pytest.raises(BadArchive, match="is not empty"):
        archive(sold_here, strange)
    (strange / "_archive.json").write_text("{")
    with pytest.raises(BadArchive, match="cannot be read"):
        archive(sold_here, strange)
    (strange / "_archive.json").write_text(json.dumps({"format": 2}))
    with pytest.raises(BadArchive, match="format 2"):
        archive(sold_here, strange)


def test_the_archive_of_another_log_is_not_added_to(exported, tmp_path, clock):
    services = build(Settings(database=f"sqlite:///{tmp_path / 'other.db'}"), clock)
    load_shows(services.store, 400)
    make_mixed_orders(services, 120, batch=50, seed=9)
    with pytest.raises(BadArchive, match="another log"):
        archive(services, exported)
    services.close()


def test_of_two_exports_to_one_archive_the_second_is_refused(exported, sold_here):
    def again(done, last):
        with pytest.raises(BadArchive, match="another process"):
            archive(sold_here, exported)

    with closing(open_copyable(sold_here.settings.database, make=False)) as source:
        export_log(source, sold_here.store.last_position(), exported, again, SMALL)


def test_events_of_a_later_version_and_broken_ones_are_archived_as_they_are(sold_here, folder):
    strange = [
        StoredEvent("a" * 24, 1, "OrderBlessed.7", b'{"at": "2031-01-01T00:00:00Z", "by": 1}'),
        StoredEvent("a" * 24, 2, "OrderCreated.1", b"\x00\xff not JSON"),
        StoredEvent("a" * 24, 3, "OrderCreated.2", b'{"number": "seven", "at": "yesterday"}'),
    ]
    sold_here.store.recorder.insert_events(strange)
    archive(sold_here, folder)
    assert archived(folder) == whole(sold_here)
    months = {file.parent.name for file in folder.glob("*/*")}
    assert months == {"month=2030-06", "month=2031-01", "month=unknown"}


def table(services, name):
    models = services.store.read_models()
    with models.snapshot(models.state(name)) as (_, rows):
        return list(rows)


# Questions.

PAGE = Path(__file__).parents[3] / "docs" / "archive.md"


def questions():
    """The questions that the page asks, as it writes them."""
    text = PAGE.read_text(encoding="utf-8")
    return [each.split("```")[0] for each in text.split("```sql\n")[1:]]


def answers(folder):
    return [duckdb.sql(each.replace("archive/", f"{folder}/")).fetchall() for each in questions()]


def test_the_questions_of_the_page_are_answered_as_the_log_tells(exported, sold_here):
    catch_up(sold_here.store, "sales")
    catch_up(sold_here.store, "orders")
    revenue, hours, slow = answers(exported)
    rows = table(sold_here, "sales")
    expected = {}
    for row in rows:
        show, step, ticket_set, _, _, _, sold, _, nominal, extra, *_ = row.columns
        if sold and step == DAY:
            before = expected.get((show, ticket_set), (0, 0))
            expected[show, ticket_set] = (before[0] + sold, before[1] + nominal + extra)
    told = {(show, each): (sold, round(money * 100)) for show, each, sold, money in revenue}
    assert told == expected != {}
    orders = table(sold_here, "orders")
    assert sum(made for _, made, _ in hours) == len(orders)
    assert sum(paid for _, _, paid in hours) == sum(row.columns[4] == "done" for row in orders)
    assert sum(count for _, count, _ in slow) == sum(row.columns[4] == "done" for row in orders)


def test_money_in_the_archive_is_exact(exported):
    question = (
        "SELECT DISTINCT typeof(p.price.nominal) FROM (SELECT unnest(prices) AS price"
        f" FROM read_parquet('{exported}/*/*.parquet')) p"
    )
    assert duckdb.sql(question).fetchall() == [("DECIMAL(18,2)",)]


# Rebuilding from it.


def test_a_rebuild_can_read_from_the_archive(exported, sold_here, here):
    for name in PROJECTIONS:
        catch_up(sold_here.store, name)
    make_mixed_orders(sold_here, 30, seed=5)
    for name in PROJECTIONS:
        catch_up(sold_here.store, name)
        live = table(sold_here, name)
        answer = orderlog(
            "projection", "rebuild", name, "--from", str(exported), "--database", here
        )
        assert answer.exit_code == 0, answer.output
        assert "No row differs" in answer.stdout
        assert table(sold_here, name) == live


def test_a_rebuild_from_the_archive_does_not_read_those_events_from_the_log(exported, sold_here):
    class NoRanges:
        def __getattr__(self, name):
            assert name != "facts_of_range"
            return getattr(sold_here.store, name)

    catch_up(sold_here.store, "orders")
    outcome = rebuild(NoRanges(), PROJECTIONS["orders"], quietly, Loading(archive=exported))
    assert (outcome.differences, outcome.swapped) == (0, True)


def test_a_rebuild_from_the_archive_of_another_log_is_refused(exported, tmp_path, clock):
    services = build(Settings(database=f"sqlite:///{tmp_path / 'other.db'}"), clock)
    load_shows(services.store, 400)
    make_mixed_orders(services, 120, batch=50, seed=9)
    with pytest.raises(BadArchive, match="another log"):
        rebuild(services.store, PROJECTIONS["orders"], quietly, Loading(archive=exported))
    services.close()


HIDDEN = "import sys; sys.modules['pyarrow'] = None; from interface.cli.main import main; main()"


def test_without_the_extra_the_command_says_what_to_install(exported, here):
    hidden = subprocess.run(
        [sys.executable, "-c", HIDDEN, "log", "export", "--to", exported, "--database", here],
        capture_output=True,
        text=True,
        check=False,
    )
    assert hidden.returncode == 1
    assert "[archive]'" in hidden.stderr
    assert "Traceback" not in hidden.stderr
