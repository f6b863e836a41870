import sqlite3
from contextlib import closing
from functools import partial

import layout_1
import psycopg
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from other_processes import context
from store_writes import append, one

from application.bootstrap import open_store
from application.event_log.idempotency import key_digest
from application.ports.read_models import Row, Table
from application.ports.store import LayoutTooNew, StoreUnavailable
from application.ports.ticket_lists import unpacked
from application.ports.unit_of_work import IdempotencyRecord
from application.runtime.clock import from_ms
from application.storage.postgres import layout as postgres_layout
from application.storage.sqlite import layout as sqlite_layout
from application.storage.sqlite import repair as sqlite_healing
from interface.cli.main import cli

MODEL = Table("orders", {"vendor": str, "number": int})
STARTERS = 4


class Place:
    """Where a database is, and how it can be made old, or newer than we know."""

    def __init__(self, url, lay_out, change):
        self.url = url
        self.lay_out = lay_out
        self.change = change


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    if request.param == "sqlite":
        path = str(tmp_path / "orders.db")
        return Place(
            f"sqlite:///{path}", partial(layout_1.lay_out_sqlite, path), partial(lite, path)
        )
    url = request.getfixturevalue("database")
    return Place(url, partial(layout_1.lay_out_postgres, url), partial(postgres, url))


def lite(path, statement):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def postgres(url, statement):
    with psycopg.connect(url) as connection:
        connection.execute(statement)


def check(store):
    """All of the first layout's data is there, as it was; read models are filled again."""
    events = [
        (each.originator_id, each.originator_version, each.topic, each.state)
        for each in store.log(0, 10)
    ]
    assert events == layout_1.EVENTS
    assert [each.id for each in store.log(0, 10)] == [1, 2, 3]
    partner, key, *idempotency_record, at = layout_1.REQUEST
    digest = key_digest(partner, key)
    assert store.idempotency_record(digest) == IdempotencyRecord(
        digest, *idempotency_record, from_ms(at)
    )
    assert [(each.id, each.order, each.held_till) for each in store.tickets("show")] == [
        ("parterre-1", "a", from_ms(1_906_546_200_000)),
        ("parterre-2", None, None),
    ]
    with store.derived_records().catalog_moment() as moment:
        [(show, data)] = moment.ticket_lists()
        assert (show, unpacked(data)) == ("show", list(moment.rows("show")))
    assert store.catalog() == {("event", "show"): b'{"id": "show"}'}
    store.read_models().ensure(MODEL)
    state = store.read_models().state("orders")
    assert (state.position, state.stopped) == (0, None)
    with store.read_models().snapshot(state) as (_, rows):
        assert list(rows) == []


def test_a_log_has_an_id_of_its_own_that_stays(place, tmp_path):
    place.lay_out()
    ids = []
    for _ in range(2):
        with closing(open_store(place.url)) as store:
            ids.append(store.log_id())
    with closing(open_store(f"sqlite:///{tmp_path / 'another.db'}")) as another:
        ids.append(another.log_id())
    assert ids[0] == ids[1] != ids[2]
    assert [len(each) for each in ids] == [32, 32, 32]


def test_a_database_of_the_first_layout_is_brought_up_to_date(place):
    place.lay_out()
    with closing(open_store(place.url)) as store:
        check(store)
        one(store, append(store, "c"))
        assert store.last_position() == 4
        models = store.read_models()
        models.ensure(MODEL)
        assert models.commit(models.state("orders"), [Row("c", ("v", 8), b"{}")], 4)
    with closing(open_store(place.url)) as store:
        assert store.last_position() == 4


def start(url, gate, told):
    """What a process that starts with others says: how far it could read, or why not."""
    gate.wait(60)
    try:
        with closing(open_store(url)) as store:
            store.read_models().ensure(MODEL)
            told.put(store.last_position())
    except Exception as error:  # noqa: BLE001 - shown by the assertion
        told.put(repr(error))


@pytest.mark.parametrize("old", [True, False])
def test_of_processes_that_start_together_one_lays_out_the_tables(place, old):
    if old:
        place.lay_out()
    gate, told = context.Barrier(STARTERS), context.Queue()
    starters = [
        context.Process(target=start, args=(place.url, gate, told)) for _ in range(STARTERS)
    ]
    for starter in starters:
        starter.start()
    try:
        assert [told.get(timeout=30) for _ in starters] == [3 if old else 0] * STARTERS
    finally:
        for starter in starters:
            starter.join(60)
            starter.kill()
    if old:
        with closing(open_store(place.url)) as store:
            check(store)


def test_a_database_of_a_later_version_is_refused_in_one_line(place):
    open_store(place.url).close()
    place.change("UPDATE counters SET value = 99 WHERE name = 'layout'")
    with pytest.raises(LayoutTooNew):
        open_store(place.url)
    answer = CliRunner().invoke(cli, ["order", "show", "a" * 24, "--database", place.url])
    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith("The database has layout 99; ")
    assert answer.stderr.count("\n") == 1


def test_read_models_of_a_later_version_are_refused_too(tmp_path):
    path = str(tmp_path / "orders.db")
    open_store(f"sqlite:///{path}").close()
    lite(path + "-views", "PRAGMA user_version = 99")
    with pytest.raises(LayoutTooNew):
        open_store(f"sqlite:///{path}")


def test_a_step_that_fails_leaves_the_old_layout(place, monkeypatch):
    place.lay_out()

    def fail(connection):
        connection.execute("DELETE FROM read_models")
        raise RuntimeError

    monkeypatch.setattr(postgres_layout, "STEPS", {2: fail})
    monkeypatch.setattr(sqlite_healing, "VIEWS", replace(sqlite_layout.VIEWS, steps={2: fail}))
    with pytest.raises(RuntimeError):
        open_store(place.url)
    monkeypatch.undo()
    with closing(open_store(place.url)) as store:
        check(store)


def test_no_layout_is_skipped():
    files = (sqlite_layout.LOG, sqlite_layout.VIEWS, sqlite_layout.RECORDED_HEADS)
    for steps in (postgres_layout.STEPS, *(file.steps for file in files)):
        assert sorted(steps) == list(range(2, len(steps) + 2))


def test_what_is_no_database_of_ours_is_named_in_one_line(place, tmp_path):
    if place.url.startswith("sqlite"):
        (tmp_path / "orders.db").write_text("not a database, but long enough to be looked at " * 9)
    else:
        place.change("CREATE TABLE counters (somebody text)")
    with pytest.raises(StoreUnavailable) as refusal:
        open_store(place.url)
    assert "\n" not in str(refusal.value)
