"""The sessions of the console: found by the digest of what only the cookie has."""

from collections.abc import Sequence
from datetime import datetime

from application.ports.console_sessions import ConsoleSession
from application.runtime.clock import from_ms, to_ms
from application.storage.shared.database import Database, one_of

COLUMNS = "digest, id, key_name, zone, began, used, address, agent"


class ConsoleSessionTable:
    """The port `ConsoleSessions` (`application/ports/console_sessions.py`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, session: ConsoleSession) -> None:
        """Begin a session."""
        each = session
        row = (each.digest, each.id, each.key, each.zone, to_ms(each.began), to_ms(each.used))
        with self._database.transaction() as transaction:
            transaction.run(
                f"INSERT INTO console_sessions ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own names
                (*row, each.address, each.agent),
            )

    def find(self, digest: str) -> ConsoleSession | None:
        """The session with this digest."""
        return next(iter(self._found("digest", [digest])), None)

    def touch(self, digest: str, at: datetime) -> None:
        """Note that a session was used."""
        with self._database.transaction() as session:
            session.run(
                "UPDATE console_sessions SET used = ? WHERE digest = ?", (to_ms(at), digest)
            )

    def of(self, keys: Sequence[str]) -> list[ConsoleSession]:
        """The sessions of these keys, oldest first."""
        return sorted(self._found("key_name", keys), key=lambda each: (each.began, each.id))

    def end(self, digests: Sequence[str]) -> None:
        """End sessions, at once and everywhere."""
        with self._database.transaction() as session:
            for condition, some in one_of("digest", digests):
                session.run(f"DELETE FROM console_sessions WHERE {condition}", some)  # noqa: S608 - our own names

    def purge(self, began_before: datetime, used_before: datetime) -> None:
        """Remove those that began, or were last used, before a moment."""
        with self._database.transaction() as session:
            session.run(
                "DELETE FROM console_sessions WHERE began < ? OR used < ?",
                (to_ms(began_before), to_ms(used_before)),
            )

    def _found(self, column: str, values: Sequence[str]) -> list[ConsoleSession]:
        rows = [
            row
            for condition, some in one_of(column, values)
            for row in self._database.rows(
                f"SELECT {COLUMNS} FROM console_sessions WHERE {condition}",  # noqa: S608 - our own names
                some,
            )
        ]
        return [
            ConsoleSession(
                digest=digest,
                id=name,
                key=key,
                zone=zone,
                began=from_ms(began),
                used=from_ms(used),
                address=address,
                agent=agent,
            )
            for digest, name, key, zone, began, used, address, agent in rows
        ]
