"""A signed-in person's session, by reference: the cookie has random characters and nothing else.

The store has the digest of that reference, and whose session it is. So nothing in the database
makes a cookie, and a session that has ended there has ended for every copy of its cookie.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from application.ports.console_sessions import ConsoleSession, ConsoleSessions

REFERENCE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
REFERENCE_BYTES = 32
NAME_BYTES = 8
MOST_AGENT = 200
EXACT = timedelta(seconds=30)
"""A session's last use is known this exactly: not every request is written."""


class Session(msgspec.Struct, frozen=True):
    """A visitor's session: the reference in the cookie, and what is known of it when signed in."""

    reference: str
    signed_in: ConsoleSession | None = None

    @property
    def token(self) -> str:
        """What every form has to send: it follows from the reference, but does not show it."""
        return hmac.digest(self.reference.encode(), b"form", "sha256").hex()[:32]

    @property
    def zone(self) -> str:
        """The visitor's time zone."""
        return "UTC" if self.signed_in is None else self.signed_in.zone

    def mark(self, text: str) -> str:
        """What shows that this session itself has put a text into an address."""
        return hmac.digest(self.reference.encode(), f"mark {text}".encode(), "sha256").hex()[:32]

    def owns(self, token: str) -> bool:
        """Whether a form with this token belongs to this session."""
        return hmac.compare_digest(self.token.encode(), token.encode())


class Sessions:
    """Begins sessions, finds them by their cookies, and ends them."""

    def __init__(
        self,
        store: Callable[[], ConsoleSessions],
        hours: float,
        idle_minutes: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._lasts = timedelta(hours=hours)
        self._idle = timedelta(minutes=idle_minutes)
        self._clock = clock

    def outside(self) -> Session:
        """A new session of somebody who is not signed in. The store does not know it."""
        return Session(secrets.token_urlsafe(REFERENCE_BYTES))

    def begin(self, key: str, zone: str, address: str, agent: str) -> Session:
        """A new session, signed in with the key that is stored under this name."""
        now = self._clock()
        self._store().purge(now - self._lasts, now - self._idle)
        reference = secrets.token_urlsafe(REFERENCE_BYTES)
        found = ConsoleSession(
            digest=digest_of(reference),
            id=secrets.token_hex(NAME_BYTES),
            key=key,
            zone=zone,
            began=now,
            used=now,
            address=address,
            agent="".join(each for each in agent if each.isprintable())[:MOST_AGENT],
        )
        self._store().add(found)
        return Session(reference, found)

    def read(self, cookie: str | None) -> Session | None:
        """The session of a cookie, which is used now; None for a cookie that is not ours.

        One that has ended is a session of somebody who is not signed in.
        """
        if not cookie or not REFERENCE.match(cookie):
            return None
        found = self._store().find(digest_of(cookie))
        if found is None:
            return Session(cookie)
        now = self._clock()
        if not self._lives(found, now):
            self._store().end([found.digest])
            return None
        if now - found.used > min(EXACT, self._idle / 10):
            self._store().touch(found.digest, now)
        return Session(cookie, found)

    def of(self, keys: Sequence[str]) -> list[ConsoleSession]:
        """The sessions of the keys that are stored under these names, oldest first."""
        now = self._clock()
        return [each for each in self._store().of(keys) if self._lives(each, now)]

    def end(self, sessions: Sequence[ConsoleSession]) -> None:
        """End sessions, at once and everywhere."""
        self._store().end([each.digest for each in sessions])

    def _lives(self, session: ConsoleSession, now: datetime) -> bool:
        return now - session.began < self._lasts and now - session.used < self._idle


def digest_of(reference: str) -> str:
    """The digest by which the store knows a reference."""
    return hashlib.sha256(reference.encode()).hexdigest()
