"""Notices of the layouts before are there afterwards, on both stores."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest
from former_layouts import WITHOUT_WEBHOOKS
from msgspec.structs import replace

from application.bootstrap import open_store
from application.ports.gateway_notices import GatewayNotice, NoticeState
from application.storage.postgres import notice_tables
from application.storage.sqlite import log_tables

AT = datetime(2030, 6, 1, 12, tzinfo=UTC)
WAITING = GatewayNotice(
    digest=b"w" * 32,
    system="system",
    notice="evt_1",
    type="payment.succeeded",
    came_at=AT,
    body=b"\x00 {}",
    state=NoticeState.PENDING,
    order="order",
)
UNKNOWN = replace(WAITING, digest=b"a" * 32, state=NoticeState.UNKNOWN_BUYER, order=None)


def take_back(address):
    """Make a database as the layout before had it, still without a notice."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection:
            connection.executescript(
                f"{WITHOUT_WEBHOOKS} DROP TABLE gateway_notices; {log_tables.GATEWAY_NOTICES}"
                "UPDATE counters SET value = 10 WHERE name = 'layout'"
            )
        return
    with psycopg.connect(address) as connection:
        connection.execute(
            f"{WITHOUT_WEBHOOKS} DROP TABLE gateway_notices; {notice_tables.GATEWAY_NOTICES}"
            "UPDATE counters SET value = 13 WHERE name = 'layout'"
        )


def put(address, notice):
    row = (notice.digest, notice.system, notice.notice, notice.type, 1_906_545_600_000)
    row += (notice.body, notice.state.value, notice.order)
    insert = (
        "INSERT INTO gateway_notices"
        " (digest, system, notice, type, came_at, body, state, order_id) VALUES ({})"
    )
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute(insert.format(", ".join("?" * 8)), row)
        return
    with psycopg.connect(address) as connection:
        connection.execute(insert.format(", ".join(["%s"] * 8)), row)


@pytest.mark.parametrize("notices", [[], [WAITING, UNKNOWN]])
def test_notices_outlast_the_change_of_their_table(address, notices):
    open_store(address).close()
    take_back(address)
    for each in notices:
        put(address, each)
    with closing(open_store(address)) as store:
        records = store.notices()
        assert [records.find(each.digest) for each in notices] == notices
        assert [*records.pending(10), *records.unknown(None, 10)] == notices
        assert [records.keep(each) for each in notices] == [False] * len(notices)
        assert records.keep(replace(WAITING, digest=b"n" * 32))
