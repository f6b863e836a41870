"""Renders orders' money as tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import HORIZONTALS
from rich.table import Table
from rich.text import Text

from interface.cli.shared.tables import listing

AMOUNTS = ("received", "earned", "due_back", "refunded", "charged_back", "kept", "waiting")


def payment_list_table(documents: Sequence[Mapping[str, Any]]) -> Table:
    """One line an order: its amounts, and why its money waits."""
    table = listing("order", "number", "status", "received", "refunded", "due back", "attention")
    for each in documents:
        amounts = (each["received"], each["refunded"], each["due_back"])
        attention = Text(", ".join(each["attention"]), style="yellow")
        table.add_row(each["order"], str(each["number"]), each["status"], *amounts, attention)
    return table


def notice_table(documents: Sequence[Mapping[str, Any]]) -> Table:
    """One line a notice that no order has acted on."""
    table = listing("notice", "type", "payment", "amount", "came", "attention")
    for document in documents:
        each = document["notice"]
        amount = f"{each['amount']} {each['currency']}"
        attention = Text(", ".join(document["attention"]), style="yellow")
        values = (each["type"], Text(each["payment"]), amount, each["came_at"], attention)
        table.add_row(each["id"], *values)
    return table


def written_totals(balance: Mapping[str, Any]) -> str:
    """Where the money of a currency is, in sum."""
    received, *places = AMOUNTS
    parts = " + ".join(f"{name.replace('_', ' ')} {balance[name]}" for name in places)
    return f"In sum, {received} in {balance['currency']}: {balance[received]} = {parts}."


def payments_table(order_id: str, document: Mapping[str, Any]) -> Table:
    """An order's amounts by currency, then its payments and its refunds, a line each."""
    table = Table(title=f"Money of order {order_id}", box=HORIZONTALS)
    table.add_column("what", style="bold", overflow="fold")
    table.add_column("how much, and where it is", overflow="fold")
    for balance in (document, *document["balances"]):
        for name in AMOUNTS:
            amount = f"{balance[name]} {balance['currency']}"
            table.add_row(name.replace("_", " "), Text(amount))
    if document["attention"]:
        table.add_row("attention", Text(", ".join(document["attention"]), style="yellow"))
    for each in document["payments"]:
        dispute = f", dispute {each['dispute']} {each['disputed']}" if each["dispute"] else ""
        said = f"{each['amount']} {each['currency']}, {each['state']}{dispute}"
        table.add_row(f"payment {each['id']}", Text(said))
    for each in document["refunds"]:
        about = each["reason"] or _counted(len(each["tickets"]))
        said = f"{each['value']} {each['currency']}, {each['status']}, {about}"
        table.add_row(f"refund {each['id']}", Text(said))
    return table


def _counted(tickets: int) -> str:
    return f"{tickets} ticket" if tickets == 1 else f"{tickets} tickets"
