"""Somebody who can write to the database, and knows how everything in it is made."""

import sqlite3
from contextlib import closing

import psycopg

from application.event_log.hash_chain import genesis, link
from application.integrity.merkle_tree import position_digest_of


class Tampering:
    """Changes a database by SQL, past the service."""

    def __init__(self, url):
        self.url = url
        self.lite = url.startswith("sqlite:///")
        self.path = url.removeprefix("sqlite:///")
        self.position = "rowid" if self.lite else "notification_id"

    def run(self, statement, *values, file=""):
        """Run a statement, whose values are ?; `file` is that of SQLite which has the table."""
        statement = statement.replace("POSITION", self.position)
        if self.lite:
            with closing(sqlite3.connect(self.path + file)) as connection, connection:
                return connection.execute(statement, values).fetchall()
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement.replace("?", "%s"), values)
            return cursor.fetchall() if cursor.description else []

    # The log.

    def event(self, order, version):
        """An event's name, bytes, position and hash."""
        [row] = self.run(
            "SELECT topic, state, POSITION, hash FROM orders_events"
            " WHERE originator_id = ? AND originator_version = ?",
            order,
            version,
        )
        return row

    def position_of(self, order, version):
        return self.event(order, version)[2]

    def set(self, order, version, column, value):
        self.run(
            f"UPDATE orders_events SET {column} = ?"
            " WHERE originator_id = ? AND originator_version = ?",
            value,
            order,
            version,
        )

    def edit(self, order, version, old, new):
        """Replace some bytes of an event."""
        state = self.event(order, version)[1]
        assert old in state
        self.set(order, version, "state", state.replace(old, new))

    def delete(self, order, version):
        self.run(
            "DELETE FROM orders_events WHERE originator_id = ? AND originator_version = ?",
            order,
            version,
        )

    def insert(self, order, version, name, state, *, own=b"", position=None):
        column, mark = (", POSITION", ", ?") if position is not None else ("", "")
        values = (order, version, name, state, own, *([position] if position is not None else []))
        self.run(
            "INSERT INTO orders_events"
            f" (originator_id, originator_version, topic, state, hash{column})"
            f" VALUES (?, ?, ?, ?, ?{mark})",
            *values,
        )

    def rechain(self, order):
        """Make the hashes of an order anew, so that they fit."""
        rows = self.run(
            "SELECT originator_version, topic, state FROM orders_events"
            " WHERE originator_id = ? ORDER BY originator_version",
            order,
        )
        own = genesis(order)
        for version, name, state in rows:
            own = link(own, order, version, name, state)
            self.set(order, version, "hash", own)
        return own

    def swap(self, one, other, column):
        """Swap a column of two events."""
        place = {"topic": 0, "state": 1, "POSITION": 2, "hash": 3}[column]
        first, second = self.event(*one)[place], self.event(*other)[place]
        if column == "POSITION":
            self.set(*one, column, -1)
        self.set(*other, column, first)
        self.set(*one, column, second)

    # What was recorded.

    def rewitness(self, order):
        """Have the recorded heads say what the log says now."""
        rows = self.run(
            "SELECT originator_version, hash, POSITION FROM orders_events"
            " WHERE originator_id = ? ORDER BY originator_version",
            order,
        )
        self.run(
            "UPDATE heads SET version = ?, hash = ?, trail = ? WHERE order_id = ?",
            rows[-1][0],
            rows[-1][1],
            position_digest_of([row[2] for row in rows]),
            order,
            file="-views-witness",
        )

    # Read models.

    def model(self, name):
        """The table of a read model, and its file."""
        table = "read_models"
        [(generation,)] = self.run(
            f"SELECT generation FROM {table} WHERE name = ? AND live", name, file="-views"
        )
        if self.lite:
            return name, f"-views-{name}-{generation}"
        return f"{name}_{generation}", ""
