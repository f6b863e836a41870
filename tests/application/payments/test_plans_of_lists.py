"""A page of payments or of refunds costs the same however many there are, on both stores."""

import sqlite3
from contextlib import closing

import psycopg
import pytest

from application.bootstrap import open_store
from application.catalog.access import Caller
from application.catalog.scopes import AUDIT
from application.payments import queries, refund_service
from application.payments.queries import PaymentFilter
from application.payments.refund_service import RefundFilter
from application.read_models import payments, refunds
from application.storage.shared.read_model_pages import page_query
from domain.refunds import RefundStatus

ROWS = 6_000
STEPS, STEPS_A_ROW = 50, 60
"""SQLite counts its steps, every so many; a row of a page takes at most so many."""
MOST_SCANS = 2 * len(RefundStatus)
MINE, OTHER, RARE = "mine", "other", "rare"
"""Who has half of all, the other half, and one row in a thousand, which are the oldest."""
SELLER, AUDITOR = Caller(MINE, "k", "en"), Caller("nobody", "k", "en", scopes=frozenset({AUDIT}))
PAYMENTS = [
    PaymentFilter(page_size=20, **more)
    for more in (
        {},
        {"attention": True},
        {"show": "show"},
        {"show": RARE},
        {"show": RARE, "attention": True},
    )
]
REFUNDS = [
    RefundFilter(page_size=20, sort=sort, descending=descending, **more)
    for sort, descending in (("created_at", True), ("value", False))
    for more in (
        {},
        {"statuses": (RefundStatus.FAILED,)},
        {"show": RARE},
        {"org": OTHER},
        {"vendor": OTHER},
        {"org": RARE, "vendor": MINE, "statuses": (RefundStatus.FAILED, RefundStatus.NEW)},
    )
]
ASKED = [
    *(
        (payments.TABLE, queries.page_of(who, each))
        for who in (SELLER, AUDITOR)
        for each in PAYMENTS
    ),
    *((payments.TABLE, queries.page_of(None, each)) for each in PAYMENTS),
    *(
        (refunds.TABLE, refund_service.page_of(who, each))
        for who in (SELLER, AUDITOR)
        for each in REFUNDS
    ),
]


def row_of(table, number):
    """One of many rows: the old ones are rare in each way."""
    rare = number < ROWS // 1000
    values = {
        "vendor": (MINE, OTHER)[number % 2],
        "org": RARE if rare else (MINE, OTHER)[number // 2 % 2],
        "show": RARE if rare else "show",
        "status": "failed" if rare else "paid",
        "waits": int(rare),
        "value": ROWS - number,
        "created_at": number,
        "changed_at": number,
    }
    columns = [values.get(name, kind()) for name, kind in table.columns.items()]
    return (f"{number:024x}", *columns, b"{}")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def read(request, tmp_path_factory, server):
    """Counts the rows that are read for a page of a table with many rows."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("plans") / "orders.db"
        yield from filled_sqlite(path)
    else:
        with server.database() as url:
            yield from filled_postgres(url)


def laid_out(address):
    with closing(open_store(address)) as store:
        for table in (payments.TABLE, refunds.TABLE):
            store.read_models().ensure(table)


def filled_sqlite(path):
    laid_out(f"sqlite:///{path}")
    opened = {}
    for table in (payments.TABLE, refunds.TABLE):
        connection = opened[table.name] = sqlite3.connect(f"{path}-views-{table.name}-1")
        places = ", ".join("?" * (len(table.columns) + 2))
        rows = (row_of(table, number) for number in range(ROWS))
        connection.executemany(f"INSERT INTO {table.name} VALUES ({places})", rows)

    def effort(table, page):
        statement, values = page_query(table.name, table, page, "?")
        connection, steps = opened[table.name], []
        connection.set_progress_handler(lambda: steps.append(1), STEPS)
        connection.execute(statement, values).fetchall()
        connection.set_progress_handler(None, 0)
        return len(steps) * STEPS / STEPS_A_ROW

    yield effort
    for each in opened.values():
        each.close()


def filled_postgres(url):
    laid_out(url)
    with psycopg.connect(url, autocommit=True) as connection:
        for table in (payments.TABLE, refunds.TABLE):
            with connection.cursor().copy(f"COPY {table.name}_1 FROM STDIN") as copy:
                for number in range(ROWS):
                    copy.write_row(row_of(table, number))
            connection.execute(f"ANALYZE {table.name}_1")

        def effort(table, page):
            statement, values = page_query(f"{table.name}_1", table, page, "%s")
            explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
            plan = connection.execute(explained, values).fetchone()[0][0]["Plan"]
            return sum(map(rows_read, nodes(plan)))

        yield effort


def rows_read(node):
    if "Relation Name" not in node:
        return 0
    return node["Actual Rows"] + node.get("Rows Removed by Filter", 0)


def nodes(plan):
    return [plan, *(each for part in plan.get("Plans", ()) for each in nodes(part))]


@pytest.mark.parametrize(("table", "page"), ASKED)
def test_a_page_reads_no_more_rows_than_its_scans_may_have(read, table, page):
    assert read(table, page) <= page.limit * MOST_SCANS
