"""Optimistic concurrency over HTTP: an order's version is its ETag."""

import re

from interface.http.exchange import Header, Incoming

ETAG = re.compile(r'"([1-9][0-9]{0,9})"\Z')


def etag_of(version: int) -> Header:
    """The header that names a version."""
    return "ETag", f'"{version}"'


def versions_of(incoming: Incoming) -> frozenset[int] | None:
    """The versions that If-Match names; None when any will do."""
    header = incoming.environ.get("HTTP_IF_MATCH")
    if header is None or header.strip() == "*":
        return None
    matches = [ETAG.match(each.strip()) for each in header.split(",")]
    return frozenset(int(match[1]) for match in matches if match is not None)
