"""Answers that a client may have already, and that it takes compressed if it likes.

The validator is a digest of the body, so it changes with whatever changes the answer, such as a
hold that merely runs out. It is weak: the compressed answer has the same. A page has a limit, and
so has the time that its digest takes.
"""

import gzip
from hashlib import blake2b

from interface.http.exchange import Header, Incoming, Outgoing
from interface.http.versions import tags_ruled_out

WORTH_COMPRESSING = 1024
LEVEL = 4
VARY = ("Vary", "Accept-Encoding")


def validated(incoming: Incoming, answer: Outgoing) -> Outgoing:
    """The answer with its validator; without a body if the client has it, or else compressed.

    Raises `BadRequest` for a malformed If-None-Match.
    """
    tag = _tag_of(answer)
    header: Header = ("ETag", f'W/"{tag}"')
    ruled_out = tags_ruled_out(incoming)
    if ruled_out is None or tag in ruled_out:
        return Outgoing(304, [header, VARY])
    answer.headers += (header, VARY)
    return _compressed(answer) if _takes_gzip(incoming, answer) else answer


def _tag_of(answer: Outgoing) -> str:
    """A digest of the body and of where the list goes on."""
    digest = blake2b(answer.body, digest_size=16)
    for name, value in answer.headers:
        if name == "Link":
            digest.update(value.encode())
    return digest.hexdigest()


def _takes_gzip(incoming: Incoming, answer: Outgoing) -> bool:
    if len(answer.body) < WORTH_COMPRESSING or "HTTP_ACCEPT_ENCODING" not in incoming.environ:
        return False
    return incoming.parsed.accept_encodings.best_match(["gzip", "identity"]) == "gzip"


def _compressed(answer: Outgoing) -> Outgoing:
    body = gzip.compress(answer.body, LEVEL, mtime=0)
    headers = [each for each in answer.headers if each[0] != "Content-Length"]
    headers += (("Content-Length", str(len(body))), ("Content-Encoding", "gzip"))
    return Outgoing(answer.status, headers, body, answer.order)
