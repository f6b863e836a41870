"""Statements that are one transaction, all their values known before it begins.

Each statement that runs by itself gives up the interpreter's lock, and while it waits for it again
SQLite's write lock is held. So SQLite runs a script as the trigger of one statement (decision
0010), and PostgreSQL runs its steps one after the other.

A step names its values as `:name`, and a list of rows as `each(:name)`; a row's fields are
`news.value ->> 0` and so on, where it says `FROM each(:name) AS news`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

EACH = re.compile(r"each\(:(\w+)\)")
VALUE = re.compile(r"(?<!:):(\w+)")

Values = Mapping[str, Any]
_encode = msgspec.json.Encoder().encode


class NotAsExpected(Exception):
    """A step that has to change a row for each of its own found fewer; nothing was changed."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One statement about the rows of a list.

    `complete`: each of the rows has to change one. `locks`: it only locks what later steps change,
    in an order; a database with one writer needs no such thing.
    """

    rows: str
    sql: str
    complete: bool = False
    locks: bool = False


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """Steps, and the names of all their values.

    `acknowledged`: its success is, so that it has to be as durable as an order's.
    """

    name: str
    values: tuple[str, ...]
    steps: tuple[Step, ...]
    acknowledged: bool = True


def as_rows(rows: Sequence[Sequence[Any]]) -> str:
    """Rows as a value of a script."""
    return _encode(rows).decode()


def trigger_of(script: Script) -> str:
    """The statements that make a script a trigger of SQLite."""
    columns = ", ".join(f"'' {each}" for each in script.values)
    body = "".join(f"    {_triggered(each)};\n" for each in script.steps if not each.locks)
    return (
        f"CREATE TEMP VIEW IF NOT EXISTS {script.name} AS SELECT {columns};\n"
        f"CREATE TEMP TRIGGER IF NOT EXISTS run_{script.name}"
        f" INSTEAD OF INSERT ON {script.name} BEGIN\n{body}END;"
    )


def _triggered(step: Step) -> str:
    sql = VALUE.sub(r"NEW.\1", EACH.sub(r"json_each(:\1)", step.sql))
    if not step.complete:
        return sql
    missing = f"WHERE changes() <> json_array_length(NEW.{step.rows})"
    return f"{sql};\n    SELECT RAISE(ABORT, 'not as expected') {missing}"


def run_of(script: Script) -> str:
    """The statement of SQLite that runs a script that has been made a trigger."""
    places = ", ".join("?" * len(script.values))
    return f"INSERT INTO {script.name} VALUES ({places})"  # noqa: S608 - our own names


def steps_of(script: Script, values: Values) -> list[tuple[str, int | None]]:
    """The statements of PostgreSQL that have anything to do, and how many rows have to change."""
    return [
        (_translated(step.sql), _count(values[step.rows]) if step.complete else None)
        for step in script.steps
        if values[step.rows] != "[]"
    ]


def _translated(sql: str) -> str:
    each = EACH.sub(r"json_array_elements(CAST(:\1 AS json))", sql)
    return VALUE.sub(r"%(\1)s", each)


def _count(rows: str) -> int:
    return len(msgspec.json.decode(rows))
