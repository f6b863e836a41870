"""Whether an address leads to a database that we can work with: looked at before it is used."""

from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from application.storage.postgres.sessions import (
    SEARCH_PATH,
    BadAddress,
    Session,
    asked_for,
    conninfo,
)

ENCODING = "UTF8"

ELSEWHERE = """
SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = 'orders_events' AND c.relkind IN ('r', 'p')
    AND to_regclass('orders_events') IS NULL
    ORDER BY n.nspname LIMIT 1
"""
"""The schema with a log, where ours has none."""

TRUTHFUL = {
    "zero_damaged_pages": "off",
    "ignore_checksum_failure": "off",
    "ignore_system_indexes": "off",
    "ignore_invalid_pages": "off",
    "session_replication_role": "origin",
}
"""What only an administrator may set, and what sales need: with any other value the server passes
over damage in silence, or over a foreign key. A server may lack one of them."""

DURABLE = {"fsync": "on", "full_page_writes": "on"}
"""With any other value a crash of the server's machine may undo what was confirmed."""

OTHERWISE = """
SELECT name, setting FROM pg_settings
    WHERE (name, setting) IN (SELECT * FROM unnest(%s::text[], %s::text[])) IS FALSE
    AND name = ANY(%s::text[]) ORDER BY name
"""


def refuse_shared_sessions(url: str) -> None:
    """Refuse an address behind which transactions share sessions. Raises `BadAddress`.

    Statements are prepared, settings and locks kept in a session: they must stay with one client.
    A pooler that shares tells the driver a number of its own, and gives two idle clients the same
    session, or one client now this and now that one.
    """
    info = conninfo(url)
    with Session.connect(info, autocommit=True) as first:
        if _backend(first) == first.info.backend_pid:
            return
        with Session.connect(info, autocommit=True) as second:
            seen = [(_backend(first), _backend(second)) for _ in range(3)]
    if len(set(seen)) > 1 or seen[0][0] == seen[0][1]:
        raise BadAddress(
            "The address leads to a pooler that shares sessions between transactions;"
            " orderlog needs pool_mode = session, or the address of the server itself."
        )


def refuse_unfit_database(session: Session, url: str) -> None:
    """Refuse a database in which our texts have no place, or our tables another one.

    And one whose server hides damage: what it returned would look whole.

    Nothing has been stored there yet. Raises `BadAddress`.
    """
    encoding = session.info.parameter_status("server_encoding")
    if encoding != ENCODING:
        raise BadAddress(
            f"The database's encoding is {encoding}: names could not be stored as they are written."
            " Make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0."
        )
    found = None if SEARCH_PATH in asked_for(url) else session.execute(ELSEWHERE).fetchone()
    if found is not None:
        raise BadAddress(
            f"The log of this database is in the schema {found[0]}, not in public: say so in the"
            f" address, with ?options=-c%20search_path%3D{found[0]}"
        )
    if untruthful := otherwise_than(TRUTHFUL, session):
        names = [each.partition("=")[0] for each in untruthful]
        wanted = ", ".join(f"{name}={TRUTHFUL[name]}" for name in names)
        raise BadAddress(
            f"The database has {', '.join(untruthful)}: a damaged log would be read as a whole one,"
            f" or be damaged. orderlog needs {wanted}, for the server, the database and the role."
        )


def otherwise_than(wanted: Mapping[str, str], session: Connection[Any]) -> list[str]:
    """The settings of a session that are not as wanted, each as `name=value`."""
    names = list(wanted)
    found = session.execute(OTHERWISE, (names, list(wanted.values()), names)).fetchall()
    return [f"{name}={value}" for name, value in found]


def _backend(session: Session) -> int:
    row = session.execute("SELECT pg_backend_pid()", prepare=False).fetchone()
    return int(row[0]) if row else 0
