"""The differences of an order between two versions: the values of each field, and the events."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from application.documents.order import order_document, vendor_data_document
from application.orders.document_types import DiffFactDocument, DiffFieldDocument, EventHeadDocument
from application.runtime.amounts import written_amount
from application.runtime.clock import written
from domain.events import STORED_NAMES, Event
from domain.order import Order
from domain.order_money import attention_of, balance_of
from domain.same_json import as_json

MONEY = ("received", "earned", "due_back", "refunded", "charged_back", "kept")
"""The amounts of an order that has money, in the currency that it is sold in."""


def fields_of(order: Order) -> dict[str, Any]:
    """The recorded state of an order, as one level of dotted names.

    That is its document, the chosen payment system (which the document shows only once it is
    engaged), what its vendor keeps with it, the barcodes, and its money. Lists are compared as a
    whole.
    """
    if not order.version:
        return {}
    document: dict[str, Any] = dict(order_document(order, order.changed_at))
    document["payment"]["chosen"] = None if order.system is None else order.system.alias
    document["vendor_data"] = vendor_data_document(order)
    document["barcodes"] = order.barcodes
    if order.money is not None:
        document["money"] = _money(order)
    return _flat(document)


def differences(events: Iterable[Event], from_: int, to: int) -> list[DiffFieldDocument]:
    """The fields whose values differ between the versions `from_` and `to`, in document order.

    `events` are all events of the order. Version 0 is before the order was created. Each field has
    the events in between that changed it, oldest first.
    """
    order = Order()
    now: dict[str, Any] = {}
    before: dict[str, Any] = {}
    by: defaultdict[str, list[DiffFactDocument]] = defaultdict(list)
    for event in events:
        if event.originator_version > to:
            break
        order.apply(event)
        then, now = now, fields_of(order)
        if event.originator_version == from_:
            before = now
        if event.originator_version > from_:
            for name in changed(then, now):
                by[name].append({**_event(event), "to": now.get(name)})
    return [
        {"field": name, "from": before.get(name), "to": now.get(name), "by": by[name]}
        for name in changed(before, now)
    ]


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The fields whose values differ as JSON, where true is not 1; a missing one counts as null."""
    return [
        name
        for name in {**after, **before}
        if as_json(before.get(name)) != as_json(after.get(name))
    ]


def _event(event: Event) -> EventHeadDocument:
    return {
        "version": event.originator_version,
        "name": STORED_NAMES[type(event)].partition(".")[0],
        "at": written(event.at),
        "actor": event.actor,
        "request": event.request,
    }


def _money(order: Order) -> dict[str, Any]:
    balance = balance_of(order)
    amounts = {name: written_amount(getattr(balance, name)) for name in MONEY}
    return {**amounts, "attention": [each.value for each in attention_of(order)]}


def _flat(document: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    loaded: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            loaded.update(_flat(value, f"{path}{name}."))
        else:
            loaded[path + name] = value
    return loaded
