"""A database of the layout before has the tables of webhooks afterwards, on both stores."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import psycopg
from former_layouts import WITHOUT_WEBHOOKS

from application.bootstrap import open_store
from application.ports.admin_trail import Deed
from application.ports.webhooks import Webhook
from application.storage.postgres import layout as postgres_layout
from application.storage.sqlite import layout as sqlite_layout

AT = datetime(2030, 6, 1, 12, tzinfo=UTC)
DEED = Deed(AT, "operator", "webhook.added", b"{}")
WEBHOOK = Webhook(id="a" * 24, partner="p", address="https://shop.example/news", created_at=AT)


def number_of(steps):
    """The layout that a step with the table `webhooks` makes."""
    return next(number for number, step in steps.items() if "TABLE webhooks" in str(step))


def take_back(address):
    """Make a database as the layout before had it."""
    script = WITHOUT_WEBHOOKS + " UPDATE counters SET value = {} WHERE name = 'layout'"
    if address.startswith("sqlite"):
        before = number_of(sqlite_layout.LOG.steps) - 1
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script.format(before))
        return
    before = number_of(postgres_layout.STEPS) - 1
    with psycopg.connect(address) as connection:
        connection.execute(script.format(before))


def test_the_layout_before_gets_the_tables(address):
    open_store(address).close()
    take_back(address)
    for had in ([], [WEBHOOK]):
        with closing(open_store(address)) as store:
            records = store.webhooks()
            assert records.all() == had
            if not had:
                assert records.add(WEBHOOK, 0, store.point_at(0), 50, DEED)
