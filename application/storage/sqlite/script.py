"""Runs scripts of SQL inside an open transaction."""

import sqlite3
from collections.abc import Iterator


def run(connection: sqlite3.Connection, script: str) -> None:
    """Run SQL inside the open transaction, which `executescript` would end."""
    for statement in _statements(script):
        connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """The script's statements; each ends at the end of a line."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
