"""How long a list may be, and how it goes on: the address of its next page."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec

from application.documents import json_list
from interface.http.body import has_query
from interface.http.exchange import Header, Incoming
from interface.http.read_your_writes import WAIT

MOST_BYTES = 2**20
"""The most bytes of the entries of a page: one with long entries has fewer than requested."""

PLAIN = re.compile(
    r"(page_size=[0-9]{1,2}|cursor=[\w-]{1,200}|fields-schema=[\w,{}%]{1,1000}|&)*", re.ASCII
)

_encode = msgspec.json.Encoder().encode


def fitting(entries: Iterable[bytes]) -> list[bytes]:
    """The first of these entries, in JSON, that have room in one answer: at least one."""
    return json_list.fitting(entries, MOST_BYTES)


def in_json(documents: Iterable[Any]) -> Iterator[bytes]:
    """Documents as entries of a list."""
    return map(_encode, documents)


def is_plain_page(incoming: Incoming) -> bool:
    """Whether a list is read as it comes: it is then a few rows that stand side by side.

    Others may search for long, have long pages, or wait until a read model shows more.
    """
    environ = incoming.environ
    return WAIT not in environ and PLAIN.fullmatch(environ["QUERY_STRING"]) is not None


def links_to(
    incoming: Incoming, cursor: str | int | None, name: str = "cursor"
) -> tuple[Header, ...]:
    """The `Link` to the same list, continued beyond `cursor`; none if there is no more.

    `name` is the parameter that says where a page begins.
    """
    if cursor is None:
        return ()
    asked = incoming.parsed.args.to_dict() if has_query(incoming) else {}
    query = urlencode({**asked, name: cursor})
    return (("Link", f'<{incoming.environ["PATH_INFO"]}?{query}>; rel="next"'),)
