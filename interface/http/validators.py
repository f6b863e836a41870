"""Answers that a client may have already, and that it takes compressed if it likes.

The validator is a digest of the body, so it changes with whatever changes the answer, such as a
hold that merely runs out. It is weak: the compressed answer has the same. A page has a limit, and
so has the time that its digest takes.
"""

import gzip

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
GZIP = ("Content-Encoding", "gzip")


class KeptCompressed:
    """Bodies as they were compressed, by their tags: most of what is asked for is asked again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bodies: dict[str, bytes] = {}

    def __call__(self, tag: str, body: bytes) -> bytes:
        """The body compressed; the oldest of those that are kept goes when there are too many."""
        known = self._bodies.get(tag)
        if known is None:
            known = self._bodies[tag] = gzip.compress(body, LEVEL, mtime=0)
            if len(self._bodies) > self._most:
                self._bodies.pop(next(iter(list(self._bodies))), None)  # other threads add
        return known


def page_answer(
    incoming: Incoming, page: JsonPage, compressed: KeptCompressed, name: str = "cursor"
) -> Outgoing:
    """The answer with a page; without a body if the client has it, or else compressed if it likes.

    `name` is the parameter that says where a page begins. Raises `BadRequest` for a malformed
    If-None-Match.
    """
    tag: Header = ("ETag", f'W/"{page.tag}"')
    ruled_out = tags_ruled_out(incoming)
    if ruled_out is None or page.tag in ruled_out:
        return Outgoing(304, [tag, VARY])
    head = (*links_to(incoming, page.cursor, name), tag, VARY)
    if not _takes_gzip(incoming, page.body):
        return bytes_answer(page.body, headers=head)
    return bytes_answer(compressed(page.tag, page.body), headers=(*head, GZIP))


def _takes_gzip(incoming: Incoming, body: bytes) -> bool:
    if len(body) < WORTH_COMPRESSING or "HTTP_ACCEPT_ENCODING" not in incoming.environ:
        return False
    return incoming.parsed.accept_encodings.best_match(["gzip", "identity"]) == "gzip"
