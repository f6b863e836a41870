"""`fields-schema`: which fields of an order to answer with, and which ids to expand into objects.

    id,tickets{id,serial,seat{row,number}},event{title{text}}

A name without braces is the field as it is; with braces, only these fields of it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from application.catalog.availability import OrderTickets
from application.catalog.page_document_types import (
    BankDocument,
    LegalDetailDocument,
    SignatoryDocument,
)
from application.catalog.partner_document_types import PartnerRecordDocument
from application.documents.order import vendor_data_document
from application.documents.order_types import OrderDocument
from domain.order import Order
from interface.http.errors import BadRequest

Tree = Mapping[str, Any]
"""Names, each with the names inside it; None where there is nothing to choose inside."""

MOST_KEPT = 256

TOKEN = re.compile(r"[A-Za-z_]+|[{},]|\S")
"""A name, a sign, or a character that can only be a fault."""
PARTNER: Tree = {"id": None, "name": None}
KNOWN: Tree = {
    "id": None,
    "created_at": None,
    "customer": dict.fromkeys(("email", "first_name", "lang", "last_name", "mobile", "user")),
    "deal": None,
    "event": {
        "id": None,
        "title": {"text": None},
        "lifetime": {"start": None, "finish": None},
        "org": None,
    },
    "number": None,
    "org": PARTNER,
    "payment": dict.fromkeys(
        ("failure_url", "redirect_url", "send_tickets", "success_url", "system")
    ),
    "promocodes": None,
    "reserved_till": None,
    "rules": None,
    "status": None,
    "tickets": {
        **dict.fromkeys(("id", "serial", "number", "set", "barcode")),
        "seat": dict.fromkeys(("sector", "row", "number")),
    },
    "updated_at": None,
    "value": None,
    "value_extra": None,
    "values": {
        **dict.fromkeys(("discount", "extra", "full", "nominal")),
        "sets": dict.fromkeys(("d", "id", "p", "ps")),
    },
    "vendor": PARTNER,
    "vendor_data": dict.fromkeys(("order_id", "raw")),
}
"""Every field of an order that can be requested, with the fields inside it."""

KNOWN_OF_A_PARTNER: Tree = {
    **dict.fromkeys(PartnerRecordDocument.__annotations__),
    "legal": {
        "bank": dict.fromkeys(BankDocument.__annotations__),
        "detail": dict.fromkeys(LegalDetailDocument.__annotations__),
        "type": None,
        "who": dict.fromkeys(SignatoryDocument.__annotations__),
    },
}
"""Every field of a partner that can be requested, with the fields inside it."""

Loader = Callable[[], Order]
"""Loads an order, which costs more than its document."""

EXPANDED: Mapping[str, Callable[[OrderTickets, OrderDocument, Loader], Any]] = {
    "tickets": lambda tickets, _, order: tickets.of(order()),
    "event": lambda tickets, document, _: tickets.shows.show(document["event"]),
    "org": lambda tickets, document, _: tickets.shows.partner(document["org"]),
    "vendor": lambda tickets, document, _: tickets.shows.partner(document["vendor"]),
}
"""The fields that are ids of what the catalogue has, and what they become when braces follow."""


@lru_cache(MOST_KEPT)
def parse_of_order(text: str) -> Tree:
    """The requested fields of an order; few clients change what they ask for."""
    return parse(text)


def parse(text: str, known: Tree = KNOWN) -> Tree:
    """The requested fields of those that are `known`.

    Raises `BadRequest` with the position of the fault, counted from 1.
    """
    parser = _Parser(text)
    tree = parser.names(known)
    parser.expect_end()
    return tree


def shaped(document: OrderDocument, tree: Tree, order: Loader, tickets: OrderTickets) -> Any:
    """The order's document with the requested fields only, and ids expanded where requested."""
    whole: dict[str, Any] = {**document}
    if "vendor_data" in tree:
        whole["vendor_data"] = vendor_data_document(order())
    for name, inside in tree.items():
        if inside is not None and name in EXPANDED:
            whole[name] = EXPANDED[name](tickets, document, order)
    return chosen(whole, tree)


def chosen(value: Any, tree: Tree | None) -> Any:
    """The requested fields of a document; all of it if there is no tree."""
    if tree is None or value is None:
        return value
    if isinstance(value, list):
        return [chosen(each, tree) for each in value]
    return {name: chosen(value[name], inside) for name, inside in tree.items() if name in value}


def expands(tree: Tree | None) -> bool:
    """Whether parts of the answer are from the catalogue, which changes without a new version."""
    return tree is not None and any(tree.get(name) is not None for name in EXPANDED)


class _Parser:
    """Reads names and braces, one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next()

    def _next(self) -> None:
        self._word, self._position = next(self._tokens)

    def names(self, known: Tree) -> Tree:
        """One or more names with commas between, each with the fields requested inside it."""
        tree: dict[str, Any] = {}
        while True:
            if self._word in tree:
                raise self._fault(f"{self._word} is named twice")
            name = self._name(known)
            tree[name] = self._inside(known[name])
            if self._word != ",":
                return tree
            self._next()

    def _name(self, known: Tree) -> str:
        name = self._word
        if not name or name in "{},":
            raise self._fault("a name is missing")
        if name not in known:
            raise self._fault(f"{name} is no field here; there are {', '.join(known)}")
        self._next()
        return name

    def _inside(self, known: Tree | None) -> Tree | None:
        if self._word != "{":
            return None
        if known is None:
            raise self._fault("there is nothing to choose inside this field")
        self._next()
        tree = self.names(known)
        if self._word != "}":
            raise self._fault("a closing brace is missing")
        self._next()
        return tree

    def expect_end(self) -> None:
        """Nothing may follow."""
        if self._word:
            raise self._fault(f"{self._word} is too much")

    def _fault(self, what: str) -> BadRequest:
        detail = f"fields-schema is wrong at position {self._position}: {what}."
        return BadRequest("bad_fields_schema", detail, errors={"/fields-schema": detail})


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Names and signs with their positions, counted from 1; an empty one at the end."""
    for match in TOKEN.finditer(text):
        yield match[0], match.start() + 1
    while True:
        yield "", len(text) + 1
