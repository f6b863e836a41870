"""A signed-in person's session: a cookie that only this service can have written.

It has the hash of the key, never the key itself, and is checked against the catalogue in every
request: revoking a key ends its sessions.
"""

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from application.runtime.clock import from_ms, to_ms

SALT = "orderlog console session"


class Session(msgspec.Struct, frozen=True):
    """The content of the cookie.

    `key` is the hash of the key used to sign in, None before that; every form has to send `token`;
    `zone` is the visitor's time zone; `till` is the end in milliseconds.
    """

    token: str
    till: int
    key: str | None = None
    zone: str = "UTC"

    def owns(self, token: str) -> bool:
        """Whether a form with this token belongs to this session."""
        return hmac.compare_digest(self.token.encode(), token.encode())


class Sessions:
    """Begins sessions, and reads them from cookies."""

    def __init__(
        self, secret: Callable[[], str], hours: float, clock: Callable[[], datetime]
    ) -> None:
        self._secret = secret
        self._lasts = timedelta(hours=hours)
        self._clock = clock

    def begin(self, key: str | None = None, zone: str = "UTC") -> Session:
        """A new session, signed in with the key of this hash or with none."""
        till = to_ms(self._clock() + self._lasts)
        return Session(token=secrets.token_urlsafe(16), till=till, key=key, zone=zone)

    def written(self, session: Session) -> str:
        """The cookie's value."""
        return str(self._serializer().dumps(msgspec.to_builtins(session)))

    def read(self, cookie: str | None) -> Session | None:
        """The session of a cookie; None if its signature is bad or it has ended."""
        if not cookie:
            return None
        try:
            session = msgspec.convert(self._serializer().loads(cookie), Session)
        except (BadData, msgspec.ValidationError):
            return None
        return session if from_ms(session.till) > self._clock() else None

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret(), SALT)
