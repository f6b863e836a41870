"""A database of each layout that there has been is upgraded, verified, and sells on.

`stored_layouts/` has one for each store and layout: what the last version with that layout stored
of a small catalogue and three orders (paid, held, canceled), sold over HTTP. They are never edited.
A new layout needs the dump of the one before.
"""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from clock import Clock
from seller import OPENING, ORGANISER, PARTERRE, SHOW

from application.bootstrap import build, open_store
from application.catalog.access import Caller
from application.catalog.scopes import OF_A_SELLER
from application.event_log.idempotency import key_digest
from application.integrity.verification import verify
from application.integrity.workers import here
from application.orders.commands import ChangeOrder, Request
from application.projector.loop import catch_up
from application.read_models.registry import PROJECTIONS
from application.settings import Settings
from application.storage.postgres import layout as postgres_layout
from application.storage.sqlite import layout as sqlite_layout
from domain.commands import BestAvailable
from domain.events import STORED

DUMPS = sorted((Path(__file__).parent / "stored_layouts").glob("*.sql"))
OF_NO_VERSION = {"sqlite-07", "postgres-10"}
"""Two steps came together: no version ever stored what only the first of them makes."""
SOLD = {"done": 2, "expired": 1, "canceled": 1}
"""The orders in each dump as they are now, and how many tickets each took."""
IDEMPOTENCY_KEY = "old-key-1"


@pytest.fixture(params=DUMPS, ids=lambda dump: dump.stem)
def stored(request, tmp_path):
    """The address of a database as an earlier version left it."""
    dump = request.param
    if dump.stem.startswith("sqlite"):
        with closing(sqlite3.connect(tmp_path / "orders.db")) as connection:
            connection.executescript(dump.read_text(encoding="utf-8"))
        yield f"sqlite:///{tmp_path / 'orders.db'}"
        return
    server = request.getfixturevalue("server")
    with server.database() as url:
        name = re.search(r"/(orderlog_\w+)\?", url)[1]
        file = Path(server.data).parent / "dump.sql"
        shutil.copy(dump, file)
        file.chmod(0o644)
        server.tool(
            *("psql", "-h", server.data, "-U", "postgres", "-q", "-v", "ON_ERROR_STOP=1"),
            *("-o", "/dev/null", "-d", name, "-f", str(file)),
        )
        yield url


def test_there_is_a_dump_of_each_former_layout():
    former = {
        *(f"sqlite-{number:02}" for number in range(1, sqlite_layout.LOG.newest)),
        *(f"postgres-{number:02}" for number in range(1, postgres_layout.LAYOUT)),
    }
    assert {each.stem for each in DUMPS} == former - OF_NO_VERSION


def test_the_dumps_have_each_former_version_of_an_event():
    stored = set(re.findall(r"'(\w+\.\d+)'", "".join(each.read_text("utf-8") for each in DUMPS)))
    newest = {name.partition(".")[0]: name for name in sorted(STORED)}
    former = set(STORED) - set(newest.values())
    assert former
    assert former <= stored


def test_it_is_upgraded_verified_and_sells_on(stored, tmp_path):
    settings = Settings(database=stored, audit_key=str(tmp_path / "audit-key"))
    with closing(build(settings, Clock(OPENING))) as services:
        store = services.store
        before = [each.state for each in store.log(0, 100)]
        orders = {each.originator_id for each in store.log(0, 100)}
        statuses = {}
        for order in orders:
            known = services.history.order(order).order
            statuses[str(known.status_at(services.clock()))] = len(known.tickets)
        assert statuses.keys() == SOLD.keys()
        digest = key_digest(ORGANISER, IDEMPOTENCY_KEY)
        assert store.idempotency_record(digest).order in orders
        caller = Caller(ORGANISER, "key", "ru", OF_A_SELLER)
        command = ChangeOrder(tickets=BestAvailable({PARTERRE: 1}))
        new = services.orders.create(SHOW, command, Request(caller, "request")).order.id
        for name in PROJECTIONS:
            catch_up(store, name)
        services.checkpoints.make()
        report = verify(store, here(store), lambda _, __: None)
        assert report.findings == []
        assert report.orders == len(SOLD) + 1
        assert [each.state for each in store.log(0, 100)][: len(before)] == before
    with closing(open_store(stored)) as store:
        assert store.log(0, 100)[-1].originator_id == new
