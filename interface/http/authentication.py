"""Authentication: finds the caller by the key of a request."""

import re
from contextlib import suppress

from application.bootstrap import Services
from application.catalog.access import Caller
from application.ports.store import StoreUnavailable
from interface.http.errors import problem
from interface.http.exchange import Environ, Outgoing

AUTHORIZATION = re.compile(r"key +(\S+)\s*\Z", re.IGNORECASE)


def caller_of(services: Services, environ: Environ) -> Caller | None:
    """The caller; None without a good key. Raises `StoreUnavailable`."""
    match = AUTHORIZATION.match(environ.get("HTTP_AUTHORIZATION", ""))
    return None if match is None else services.access.caller(match[1])


def known_caller_of(services: Services, environ: Environ) -> Caller | None:
    """The caller; None also if the store is unavailable."""
    with suppress(StoreUnavailable):
        return caller_of(services, environ)
    return None


def unauthorized() -> Outgoing:
    """The answer to a request without a good key."""
    text = "A good key is needed: Authorization: key <key>"
    return problem(401, "unauthorized", text, headers=(("WWW-Authenticate", "key"),))
