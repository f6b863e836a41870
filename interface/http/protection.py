"""The headers that restrict what browsers and caches do with an answer."""

from interface.http.exchange import Environ, Header

ALWAYS: tuple[Header, ...] = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
BEHIND_TLS: tuple[Header, ...] = (
    *ALWAYS,
    ("Strict-Transport-Security", "max-age=31536000"),
)


def protection_of(environ: Environ) -> tuple[Header, ...]:
    """The headers for the answer to a request.

    A proxy's header for https is trusted: it can only make a browser stricter.
    """
    if environ["wsgi.url_scheme"] == "https" or environ.get("HTTP_X_FORWARDED_PROTO") == "https":
        return BEHIND_TLS
    return ALWAYS
