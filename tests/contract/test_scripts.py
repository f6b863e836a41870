"""Scripts of SQL: all of it or nothing, with each row found by its key."""

import re
import sqlite3
from contextlib import closing

import pytest
from seller import on_one_store

from application.bootstrap import open_store
from application.storage.shared.scripts import (
    NotAsExpected,
    Script,
    Step,
    as_rows,
    trigger_of,
)
from application.storage.shared.webhook_moves import COMMIT

COUNT = "UPDATE counters SET value = :value WHERE name = 'webhooks'"
MISSING = Step(
    rows="names",
    sql=(
        "UPDATE counters SET value = 0 FROM each(:names) AS news"
        " WHERE name = CAST(news.value ->> 0 AS text)"
    ),
    complete=True,
)
SCRIPT = Script(
    name="counting", values=("value", "names"), steps=(Step(rows="names", sql=COUNT), MISSING)
)


def test_a_script_changes_all_or_nothing(store):
    records = store.webhooks()
    before = records.version()
    with pytest.raises(NotAsExpected):
        records._run(SCRIPT, {"value": 9, "names": as_rows([("webhooks",), ("none",)])})
    assert records.version() == before
    records._run(SCRIPT, {"value": 9, "names": as_rows([("webhooks",)])})
    assert records.version() == 0


@on_one_store
def test_sqlite_finds_each_row_that_a_commit_removes_by_its_key(address):
    open_store(address).close()
    statements = [each.strip() for each in trigger_of(COMMIT).split(";\n")]
    removing = [re.sub(r"NEW\.\w+", "'[]'", each) for each in statements if "DELETE" in each]
    with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection:
        plans = [connection.execute(f"EXPLAIN QUERY PLAN {each}").fetchall() for each in removing]
    assert [plan[0][3].partition(" PRIMARY KEY ")[2] for plan in plans] == [
        "(shard=? AND webhook=?)",
        "(shard=? AND webhook=? AND order_id=?)",
        "(shard=? AND webhook=? AND position=? AND onwards=?)",
    ]
