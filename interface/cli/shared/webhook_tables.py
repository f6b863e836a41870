"""Renders webhooks and their deliveries as tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import HORIZONTALS
from rich.table import Table
from rich.text import Text

from interface.cli.shared.tables import flat, listing, short


def webhook_list_table(documents: Sequence[Mapping[str, Any]]) -> Table:
    """One line a webhook: its state, how far it is, and what waits."""
    table = listing("webhook", "partner", "address", "state", "behind", "waiting")
    for each in documents:
        state = Text(each["state"] + (f": {each['reason']}" if each["reason"] else ""))
        behind = str(max(each["log_position"] - each["position"], 0))
        values = (Text(each["address"]), state, behind, str(each["waiting_orders"]))
        table.add_row(each["id"], each["partner"], *values)
    for column in table.columns[:2]:
        column.no_wrap = True
    return table


def webhook_table(document: Mapping[str, Any], waiting: Sequence[Mapping[str, Any]]) -> Table:
    """All that is known of a webhook, then the orders that wait, a line each."""
    table = Table(title=f"Webhook {document['id']}", box=HORIZONTALS)
    table.add_column("what", style="bold", overflow="fold")
    table.add_column("how it is", overflow="fold")
    all_of = {name: "all" for name in ("types", "events") if not document[name]}
    for name, value in flat({**document, **all_of}).items():
        table.add_row(name.replace("_", " "), Text(value))
    for each in waiting:
        said = f"{each['tries']} tries since {short(each['failed_since'])}: {each['reason']}"
        table.add_row(f"order {each['order']}", Text(said, style="yellow"))
    return table


def delivery_table(documents: Sequence[Mapping[str, Any]]) -> Table:
    """One line a try."""
    table = listing("when (UTC)", "position", "order", "try", "status", "reason", "seconds")
    for each in documents:
        number = f"{each['try_number']}{' again' if each['again'] else ''}"
        order = each["order"] or "ping"
        values = (order, number, str(each["status"]), Text(each["reason"], style="yellow"))
        table.add_row(short(each["at"]), str(each["position"]), *values, f"{each['seconds']:.2f}")
    return table
