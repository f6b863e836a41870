"""Authentication: finds the caller by the key of a request."""

import re
from functools import lru_cache
from ipaddress import ip_address

from application.bootstrap import Services
from application.catalog.access import Caller
from application.catalog.rates import client_address, counted_address, within
from application.ports.store import StoreUnavailable
from application.settings import EVERYBODY, Settings
from interface.http.errors import problem
from interface.http.exchange import Environ, Outgoing

FORWARDED = frozenset(
    {
        "HTTP_CF_CONNECTING_IP",
        "HTTP_CLIENT_IP",
        "HTTP_FASTLY_CLIENT_IP",
        "HTTP_FORWARDED",
        "HTTP_TRUE_CLIENT_IP",
        "HTTP_VIA",
        "HTTP_X_CLIENT_IP",
        "HTTP_X_CLUSTER_CLIENT_IP",
        "HTTP_X_ENVOY_EXTERNAL_ADDRESS",
        "HTTP_X_FORWARDED",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_PORT",
        "HTTP_X_FORWARDED_PROTO",
        "HTTP_X_FORWARDED_SERVER",
        "HTTP_X_FORWARDED_SSL",
        "HTTP_X_ORIGINAL_FORWARDED_FOR",
        "HTTP_X_REAL_IP",
    }
)
"""What proxies say: whoever is in front of one is not on this machine."""
ADMITTED = "orderlog.caller"
"""Where a request's head has the caller that was admitted. Headers have other names there."""
KNOWN_ADDRESSES = 1024
AUTHORIZATION = re.compile(r"key +(\S+)\s*\Z", re.IGNORECASE)


def caller_of(services: Services, environ: Environ) -> Caller | None:
    """The caller; None without a good key. Raises `StoreUnavailable`."""
    if ADMITTED in environ:
        admitted: Caller | None = environ[ADMITTED]
        return admitted
    match = AUTHORIZATION.match(environ.get("HTTP_AUTHORIZATION", ""))
    return None if match is None else services.access.caller(match[1], local=is_local(environ))


def is_local(environ: Environ) -> bool:
    """Whether a request comes from this machine, and not through a proxy on it."""
    return not _is_passed_on(environ) and _is_loopback(environ.get("REMOTE_ADDR", ""))


def _is_passed_on(environ: Environ) -> bool:
    return not FORWARDED.isdisjoint(environ)


def may_watch(settings: Settings, environ: Environ) -> bool:
    """Whether the metrics are shown where a request comes from, without a key.

    What a proxy passes on comes from this machine's own address as well. It comes from where a
    declared proxy says, which is never this machine; an undeclared one is not believed.
    """
    if EVERYBODY in settings.metrics_from:
        return True
    peer = environ.get("REMOTE_ADDR", "").strip("[]")
    if not _is_passed_on(environ):
        return within(peer, settings.metrics_from)
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "")
    client = client_address(peer, forwarded, settings.proxies)
    return client != peer and not _is_loopback(client) and within(client, settings.metrics_from)


@lru_cache(KNOWN_ADDRESSES)
def _is_loopback(written: str) -> bool:
    try:
        address = ip_address(written.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def known_caller_of(services: Services, environ: Environ) -> Caller | None:
    """The caller; None also if the store is unavailable."""
    try:
        return caller_of(services, environ)
    except StoreUnavailable:
        return None


def admit(services: Services, environ: Environ) -> Caller | None:
    """Count a request, of a partner or of an address; return its caller, if known.

    The caller is looked up once: the head has it from here on, unless the store is unavailable.
    Raises `TooManyRequests`.
    """
    try:
        caller = caller_of(services, environ)
    except StoreUnavailable:
        return None
    environ[ADMITTED] = caller
    if caller is not None:
        services.rates.count_partner(caller.partner)
    elif "HTTP_AUTHORIZATION" in environ:
        services.rates.refuse_guess(address_of(services, environ))
    else:
        services.rates.count_keyless(address_of(services, environ))
    return caller


def address_of(services: Services, environ: Environ) -> str:
    """The address that a request counts for."""
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "")
    return counted_address(environ.get("REMOTE_ADDR", ""), forwarded, services.settings.proxies)


def unauthorized() -> Outgoing:
    """The answer to a request without a good key."""
    text = "A good key is needed: Authorization: key <key>"
    return problem(401, "unauthorized", text, headers=(("WWW-Authenticate", "key"),))
