"""The hashes that a store keeps beside its events, read past the store."""

import sqlite3
from contextlib import closing

import psycopg

from application.event_log.hash_chain import genesis, link

STATEMENT = (
    "SELECT originator_id, originator_version, topic, state, hash FROM orders_events"
    " ORDER BY originator_id, originator_version"
)


def rows(url):
    """All rows by order and version."""
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return connection.execute(STATEMENT).fetchall()
    with psycopg.connect(url) as connection:
        return connection.execute(STATEMENT).fetchall()


def kept(url):
    """By order and version, the hash that is kept."""
    return {(order, version): own for order, version, _, _, own in rows(url)}


def expected(url):
    """By order and version, the hash that follows from the stored bytes."""
    found, heads = {}, {}
    for order, version, name, state, _ in rows(url):
        heads[order] = link(heads.get(order, genesis(order)), order, version, name, state)
        found[order, version] = heads[order]
    return found
