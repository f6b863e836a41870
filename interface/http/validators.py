"""Answers that a client may have already, and that it takes compressed if it likes.

The validator is a digest of the body, so it changes with whatever changes the answer, such as a
hold that merely runs out. It is weak: the compressed answer has the same. A page has a limit, and
so has the time that its digest takes.
"""

import gzip
from collections.abc import Callable

from application.documents.json_list import JsonPage
from interface.http import headers
from interface.http.contract import Good
from interface.http.exchange import Header, Incoming, Outgoing, bytes_answer
from interface.http.paging import links_to
from interface.http.versions import tags_ruled_out

OF_A_PAGE = (headers.PAGE_ETAG, headers.CONTENT_ENCODING)
UNCHANGED = Good("The page as you have it.", headers=(headers.PAGE_ETAG,), empty=True)
"""What the documents of the API say of such answers."""

WORTH_COMPRESSING = 1024
LEVEL = 4
VARY = ("Vary", "Accept-Encoding")

Compressed = Callable[[str, bytes], bytes]
"""Compresses a body that a tag names."""


def page_answer(
    incoming: Incoming, page: JsonPage, compressed: Compressed | None = None
) -> Outgoing:
    """The answer with a page of a list, as `tagged` has it."""
    answer = bytes_answer(page.body, headers=links_to(incoming, page.cursor))
    return tagged(incoming, answer, page.tag, compressed)


def tagged(
    incoming: Incoming, answer: Outgoing, tag: str, compressed: Compressed | None = None
) -> Outgoing:
    """An answer with its validator; without a body if the client has it, or else compressed.

    `compressed` may know it from before. Raises `BadRequest` for a malformed If-None-Match.
    """
    header: Header = ("ETag", f'W/"{tag}"')
    ruled_out = tags_ruled_out(incoming)
    if ruled_out is None or tag in ruled_out:
        return Outgoing(304, [header, VARY])
    answer.headers += (header, VARY)
    if not _takes_gzip(incoming, answer):
        return answer
    return _with_body(answer, (compressed or _compress_anew)(tag, answer.body))


def _takes_gzip(incoming: Incoming, answer: Outgoing) -> bool:
    if len(answer.body) < WORTH_COMPRESSING or "HTTP_ACCEPT_ENCODING" not in incoming.environ:
        return False
    return incoming.parsed.accept_encodings.best_match(["gzip", "identity"]) == "gzip"


def _compress_anew(_: str, body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)


def _with_body(answer: Outgoing, body: bytes) -> Outgoing:
    headers = [each for each in answer.headers if each[0] != "Content-Length"]
    headers += (("Content-Length", str(len(body))), ("Content-Encoding", "gzip"))
    return Outgoing(answer.status, headers, body, answer.order)


class KeptCompressed:
    """Bodies as they were compressed, by their tags: most of what is asked for is asked again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bodies: dict[str, bytes] = {}

    def __call__(self, tag: str, body: bytes) -> bytes:
        """The body compressed; the oldest of those that are kept goes when there are too many."""
        known = self._bodies.get(tag)
        if known is None:
            known = self._bodies[tag] = _compress_anew(tag, body)
            if len(self._bodies) > self._most:
                self._bodies.pop(next(iter(list(self._bodies))), None)  # other threads add
        return known
