"""The port to the sessions of people who are signed in at the console."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec


class ConsoleSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session. `digest` is that of its secret reference, which only the cookie has.

    `key` is the stored name of the key that was used to sign in; `id` names the session in lists.
    """

    digest: str
    id: str
    key: str
    zone: str
    began: datetime
    used: datetime
    address: str
    agent: str


class ConsoleSessions(Protocol):
    """The sessions. They are no part of the log, and not copied."""

    def add(self, session: ConsoleSession) -> None:
        """Begin a session."""

    def find(self, digest: str) -> ConsoleSession | None:
        """The session with this digest."""

    def touch(self, digest: str, at: datetime) -> None:
        """Note that a session was used."""

    def of(self, keys: Sequence[str]) -> list[ConsoleSession]:
        """The sessions of these keys, oldest first."""

    def end(self, digests: Sequence[str]) -> None:
        """End sessions, at once and everywhere."""

    def purge(self, began_before: datetime, used_before: datetime) -> None:
        """Remove those that began, or were last used, before a moment."""
