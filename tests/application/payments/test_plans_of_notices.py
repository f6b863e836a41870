"""Notices are found through an index, however many there are, on both stores."""

from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest

from application.bootstrap import open_store
from application.ports.gateway_notices import NoticeState
from application.ports.partitions import Range
from application.storage.shared.gateway_notices import GatewayNotices

ORDERS, OF_EACH = 1000, 4
AT = datetime(2030, 6, 1, tzinfo=UTC)
INSERT = (
    "INSERT INTO gateway_notices (order_id, digest, system, notice, type, came_at, body, state)"
    " VALUES (?, ?, 's', 'n', 't', 0, ?, ?)"
)


class Explained:
    """A database that notes the plan of each query."""

    def __init__(self, database):
        self._database, self.dialect = database, database.dialect
        self._explain = "EXPLAIN QUERY PLAN" if database.dialect.as_id != "{0}" else "EXPLAIN"
        self.plan = ""

    def rows(self, statement, values=()):
        rows = self._database.rows(f"{self._explain} {statement}", values)
        self.plan = "\n".join(str(row[-1]) for row in rows)
        return self._database.rows(statement, values)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def records(request, tmp_path_factory, server):
    """A store with many notices that were acted on, and a few that wait."""
    if request.param == "sqlite":
        yield from filled(f"sqlite:///{tmp_path_factory.mktemp('plans') / 'orders.db'}")
    else:
        with server.database() as url:
            yield from filled(url)


def filled(address):
    with closing(open_store(address)) as store:
        explained = Explained(store.notices()._database)
        with explained._database.transaction() as session:
            session.run_each(INSERT, rows())
        if address.startswith("postgres"):
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute("ANALYZE gateway_notices")
        yield GatewayNotices(explained), explained


def rows():
    for number in range(ORDERS * OF_EACH):
        state = NoticeState.PENDING if number % 1000 == 0 else NoticeState.ACTED
        yield order(number // OF_EACH), digest(number), b"x" * 200, state.value
    yield "", digest(-1), b"x" * 200, NoticeState.UNKNOWN_BUYER.value


def order(number):
    return f"{number:024x}"


def digest(number):
    return number.to_bytes(32, signed=True)


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        (lambda records: records.of_order(order(7)), OF_EACH),
        (lambda records: records.of_range(Range(0, order(7), order(9))), 2 * OF_EACH),
        (lambda records: records.of_range(Range(0, "", order(2))), 2 * OF_EACH),
        (lambda records: records.pending(10), 4),
        (lambda records: records.pending(10, (AT, b"")), 0),
        (lambda records: records.unknown(None, 10), 1),
        (lambda records: [records.find(digest(1000))], 1),
        (lambda records: [records.find(digest(-1))], 1),
    ],
)
def test_they_are_found_through_an_index(records, ask, found):
    notices, explained = records
    assert len(ask(notices)) == found
    assert "gateway_notices" in explained.plan
    assert "SCAN gateway_notices" not in explained.plan
    assert "Seq Scan on gateway_notices" not in explained.plan
