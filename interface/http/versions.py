"""Optimistic concurrency over HTTP: an order's version is its ETag.

`If-Match` and `If-None-Match` are lists of entity tags (RFC 9110, 8.8.3). A proxy that compresses
an answer changes its tag: nginx makes it weak, `W/"1"`, others add what they did, `"1-gzip"`. Each
of them still names the version.
"""

import re

from interface.http.errors import BadRequest
from interface.http.exchange import Header, Incoming

TAG = re.compile(r'[ \t]*(?:(?:[Ww]/)?"([\x21\x23-\x7e]*)"[ \t]*)?(?:,|\Z)')
"""One element of a list of tags, which may be empty, with the comma behind it."""
VERSION = re.compile(r"[1-9][0-9]{0,9}\Z")
"""What stands in a tag that names a version."""
OF_A_PROXY = re.compile(r"--?(?:gzip|br|deflate|zstd)\Z")
"""What a proxy that compresses puts behind a tag."""
ANY = "*"


def etag_of(version: int) -> Header:
    """The header that names a version."""
    return "ETag", f'"{version}"'


def versions_to_match(incoming: Incoming) -> frozenset[int] | None:
    """The versions that If-Match names; None when any will do. Raises `BadRequest`."""
    header = incoming.environ.get("HTTP_IF_MATCH")
    return None if header is None else _versions_in(header, "If-Match", "bad_if_match")


def versions_ruled_out(incoming: Incoming) -> frozenset[int] | None:
    """The versions that If-None-Match names; None for all of them. Raises `BadRequest`."""
    header = incoming.environ.get("HTTP_IF_NONE_MATCH")
    if header is None:
        return NO_VERSION
    return _versions_in(header, "If-None-Match", "bad_if_none_match")


def tags_ruled_out(incoming: Incoming) -> frozenset[str] | None:
    """What is in the tags of If-None-Match; None for all of them. Raises `BadRequest`."""
    header = incoming.environ.get("HTTP_IF_NONE_MATCH")
    return frozenset() if header is None else _tags_in(header, "If-None-Match", "bad_if_none_match")


NO_VERSION: frozenset[int] = frozenset()


def refuse_version_of_none(versions: frozenset[int] | None) -> None:
    """Refuse a request for an order that is yet to be, if If-Match names `versions` of it."""
    if versions is not None:
        detail = "If-Match names a version, and a new order has none yet."
        raise BadRequest("version_mismatch", detail, status=412)


def _versions_in(header: str, name: str, code: str) -> frozenset[int] | None:
    """The versions that a list of tags names; None for `*`. Raises `BadRequest`."""
    tags = _tags_in(header, name, code)
    return None if tags is None else frozenset(int(tag) for tag in tags if VERSION.match(tag))


def _tags_in(header: str, name: str, code: str) -> frozenset[str] | None:
    """The tags in a list, without what proxies added; None for `*`. Raises `BadRequest`."""
    if header.strip() == ANY:
        return None
    tags = []
    position = 0
    while position < len(header):
        match = TAG.match(header, position)
        if match is None:
            raise _bad(name, code)
        position = match.end()
        if match[1] is not None:
            tags.append(match[1])
    if not tags:
        raise _bad(name, code)
    return frozenset(OF_A_PROXY.sub("", tag) for tag in tags)


def _bad(name: str, code: str) -> BadRequest:
    return BadRequest(
        code, f'{name} has to be * or entity tags as ETag has them, in quotes: {name}: "1"'
    )
