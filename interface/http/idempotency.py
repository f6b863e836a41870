"""The Idempotency-Key of a request, and the fingerprint that distinguishes requests."""

import hashlib
import re

from interface.http.errors import BadRequest
from interface.http.exchange import Incoming

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")


def key_of(incoming: Incoming) -> str | None:
    """The Idempotency-Key, if there is one. Raises `BadRequest` for a bad one."""
    key: str | None = incoming.environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not IDEMPOTENCY_KEY.match(key):
        raise BadRequest(
            "bad_idempotency_key", "Idempotency-Key has to be 1 to 255 visible ASCII characters."
        )
    return key


def fingerprint_of(incoming: Incoming) -> bytes:
    """The digest of method, address and body: another one is another request."""
    head = (incoming.method.encode(), incoming.full_path.encode())
    return hashlib.sha256(b"\n".join((*head, incoming.read_body()))).digest()
