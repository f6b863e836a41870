"""How long a list may be, and how it goes on: the address of its next page."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import msgspec

from interface.http.exchange import Header, Incoming

MOST_BYTES = 2**20
"""The most bytes of the entries of a page: one with long entries has fewer than requested."""

_encode = msgspec.json.Encoder().encode


def fitting(documents: Iterable[Any]) -> list[msgspec.Raw]:
    """The first of these documents, in JSON, that have room in one answer: at least one."""
    found: list[msgspec.Raw] = []
    size = 0
    for document in documents:
        body = _encode(document)
        size += len(body)
        if found and size > MOST_BYTES:
            break
        found.append(msgspec.Raw(body))
    return found


def links_to(
    incoming: Incoming, cursor: str | int | None, name: str = "cursor"
) -> tuple[Header, ...]:
    """The `Link` to the same list, continued beyond `cursor`; none if there is no more.

    `name` is the parameter that says where a page begins.
    """
    if cursor is None:
        return ()
    request = incoming.parsed
    query = urlencode({**request.args.to_dict(), name: cursor})
    return (("Link", f'<{request.path}?{query}>; rel="next"'),)
