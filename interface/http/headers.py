"""The headers that a client may send and that answers carry, as the contract declares them."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Header(msgspec.Struct, frozen=True):
    """A header of a request or an answer. `always` means that an answer never lacks it."""

    name: str
    says: str
    schema: Mapping[str, Any]
    always: bool = False


TAGS: Mapping[str, Any] = {
    "type": "string",
    "pattern": r'^([*]|(W/)?"[!#-~]*"(, (W/)?"[!#-~]*")*)$',
    "minLength": 1,
    "examples": ['"2"'],
}
"""A list of entity tags (RFC 9110), or `*`."""

REQUEST_ID = Header(
    "X-Request-Id",
    "Names the request in logs and in the history: letters, digits and ._:-, at most 64 of them."
    " The service replaces a missing or invalid one with a new one.",
    {"type": "string"},
)
IF_MATCH = Header(
    "If-Match",
    "The ETag of the order as you know it, or several separated by commas. If the order is at"
    " another version, nothing is changed and the answer is 412.",
    TAGS,
)
IF_NONE_MATCH = Header(
    "If-None-Match",
    "The ETag of the order as you have it, or several separated by commas, or *. If the order is"
    " still at one of these versions, a read is answered by 304 with no body, and a change by 412.",
    TAGS,
)
IDEMPOTENCY_KEY = Header(
    "Idempotency-Key",
    "Makes the request safe to repeat: the same key with the same request gives the first answer"
    " again, for ever. 1 to 255 visible ASCII characters of your choice.",
    {"type": "string", "pattern": "^[!-~]{1,255}$", "minLength": 1, "maxLength": 255},
)
WAIT_FOR_POSITION = Header(
    "X-Wait-For-Position",
    "The X-Log-Position of a write: the answer shows at least what was written then.",
    {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
)
ACCEPT_LANGUAGE = Header(
    "Accept-Language",
    "The preferred languages (RFC 9110). The answer is in English if none of them is available.",
    {"type": "string", "examples": ["ru, en;q=0.5"]},
)

ETAG = Header(
    "ETag",
    "The version of the order, for If-Match.",
    {"type": "string", "pattern": '^"[1-9][0-9]{0,9}"$'},
    always=True,
)
WEBHOOK_IF_MATCH = Header(
    "If-Match",
    "The ETag of the webhook as you know it, or several separated by commas. If the webhook is at"
    " another version, nothing is changed and the answer is 412.",
    TAGS,
)
WEBHOOK_ETAG = Header("ETag", "The version of the webhook, for If-Match.", ETAG.schema, always=True)
IF_NOT_AS_KNOWN = Header(
    "If-None-Match",
    "The ETag of the page as you have it, or several separated by commas, or *. If the page is"
    " still the same, the answer is 304 with no body.",
    TAGS,
)
PAGE_ETAG = Header(
    "ETag",
    "Names the page as it is, for If-None-Match.",
    {"type": "string", "pattern": '^W/"[0-9a-f]{32}"$'},
    always=True,
)
CONTENT_ENCODING = Header(
    "Content-Encoding",
    "gzip, if Accept-Encoding allows it and the page is not small.",
    {"type": "string", "const": "gzip"},
)
LOG_POSITION = Header(
    "X-Log-Position",
    "The position of the log that shows what was written, for X-Wait-For-Position.",
    {"type": "integer", "minimum": 1},
    always=True,
)
FEED_LOG = Header(
    "X-Feed-Log",
    "The id of the log that the positions belong to (a copy of the database has another), and, of a"
    " page, what the event at next is known by. Send it back as log, with next as after.",
    {"type": "string", "pattern": r"^[0-9a-f]{32}(\.[0-9a-f]{16})?$"},
    always=True,
)
OF_A_STREAM = (
    FEED_LOG,
    Header(
        "Access-Control-Allow-Origin",
        "A page of any origin may read the stream: a key or a ticket opens it, no cookie.",
        {"type": "string", "const": "*"},
        always=True,
    ),
    Header(
        "X-Accel-Buffering",
        "Proxies pass events on as they come.",
        {"type": "string", "const": "no"},
        always=True,
    ),
)
LAST_EVENT_ID = Header(
    "Last-Event-ID",
    "The id of the last event that you saw: the stream continues after it.",
    {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
)
LINK = Header(
    "Link",
    'The address of the next page, as <address>; rel="next". Missing on the last page.',
    {"type": "string", "pattern": '^<[^>]+>; rel="next"$'},
)
CONTENT_LANGUAGE = Header(
    "Content-Language", "The language of the answer.", {"type": "string"}, always=True
)


def location(address: str) -> Header:
    """The header that leads on to an address."""
    says = "The address to go on to."
    return Header("Location", says, {"type": "string", "const": address}, always=True)


ANSWERED_REQUEST_ID = Header(
    "X-Request-Id",
    "Names the request in logs and in the history.",
    {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,64}$"},
    always=True,
)
PARTNER = Header(
    "X-Partner",
    "The id of the partner whose key was used.",
    {"type": "string", "pattern": "^[0-9a-f]{24}$"},
    always=True,
)
POSSIBLE_PARTNER = Header(
    "X-Partner",
    "The id of the partner whose key was used; missing if none was known.",
    PARTNER.schema,
)
SANDBOX_CLOCK = Header(
    "X-Sandbox-Clock",
    "The present of the partner, while its clock in the sandbox is moved; else it is missing.",
    {"type": "string", "format": "date-time"},
)
RETRY_AFTER = Header(
    "Retry-After",
    "After how many seconds to try again.",
    {"type": "integer", "minimum": 1},
    always=True,
)
RATE_LIMIT_POLICY = Header(
    "RateLimit-Policy",
    "With too_many_requests: how many requests (q) there may be in so many seconds (w).",
    {"type": "string", "pattern": '^"[a-z-]+";q=[0-9]+;w=[0-9]+$'},
)
RATE_LIMIT = Header(
    "RateLimit",
    "With too_many_requests: how many are left (r), and the seconds until there are more (t).",
    {"type": "string", "pattern": '^"[a-z-]+";r=[0-9]+;t=[0-9]+$'},
)
SIGNATURE_WANTED = Header(
    "WWW-Authenticate",
    "The scheme of authentication.",
    {"type": "string", "const": "signature"},
    always=True,
)
OF_A_NOTICE = (
    Header(
        "webhook-id",
        "With the scheme standard-webhooks: the notice's id, which makes it count once.",
        {"type": "string", "pattern": "^[!-~]{1,255}$"},
    ),
    Header(
        "webhook-timestamp",
        "With standard-webhooks: when it was signed, in seconds; at most five minutes ago.",
        {"type": "string", "pattern": "^[0-9]{1,12}$"},
    ),
    Header(
        "webhook-signature",
        "With standard-webhooks: one or more of v1,BASE64 and v1a,BASE64, with spaces between.",
        {"type": "string"},
    ),
    Header(
        "Stripe-Signature",
        "With the scheme timestamped-hmac: t=SECONDS,v1=HEX, with one v1 or more.",
        {"type": "string"},
    ),
)
WWW_AUTHENTICATE = Header(
    "WWW-Authenticate",
    "The scheme of authentication.",
    {"type": "string", "const": "key"},
    always=True,
)
CACHE_CONTROL = Header(
    "Cache-Control",
    "No cache may keep the answer.",
    {"type": "string", "const": "no-store"},
    always=True,
)
NOSNIFF = Header(
    "X-Content-Type-Options",
    "The answer is of its Content-Type, whatever it looks like.",
    {"type": "string", "const": "nosniff"},
    always=True,
)
HSTS = Header(
    "Strict-Transport-Security",
    "Behind TLS: a browser asks this host only by https from now on.",
    {"type": "string"},
)
PROTECTION = (CACHE_CONTROL, NOSNIFF, HSTS)
"""The headers of every answer that browsers and caches go by."""
ACCEPT_ENCODING = Header(
    "Accept-Encoding",
    "How bodies may be encoded, where one was encoded otherwise.",
    {"type": "string", "const": "identity"},
)
