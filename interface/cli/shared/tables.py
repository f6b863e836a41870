"""Renders an order and its history as tables."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.box import HORIZONTALS, SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # see session.py
    from application.orders.history import Change

STATUS_STYLE = {
    "executed": "cyan",
    "in_progress": "yellow",
    "done": "green",
    "canceled": "red",
    "expired": "magenta",
}


SAME = frozenset({"value_extra", "values.full"})
"""Fields that repeat another field under another name, and are shown once."""


def listing(*columns: str, title: str | None = None) -> Table:
    """An empty table without borders, so that three ids fit into 80 columns."""
    table = Table(
        title=title,
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def document_table(document: Mapping[str, Any], version: int) -> Table:
    """The fields of an order's document, one per line."""
    table = Table(title=f"Order {document['number']}, version {version}", box=HORIZONTALS)
    table.add_column("field", style="bold", overflow="fold")
    table.add_column("value", overflow="fold")
    for name, value in flat(document).items():
        style = STATUS_STYLE.get(value, "") if name == "status" else ""
        table.add_row(Text(name), Text(value, style=style))
    return table


def history_table(order_id: str, changes: "Sequence[Change]") -> Table:
    """An order's events with the fields that each changed, and both values."""
    table = Table(title=f"History of order {order_id}", box=HORIZONTALS, show_lines=True)
    table.add_column("#", justify="right")
    table.add_column("event, when, who, request", overflow="fold", max_width=34)
    table.add_column("what it changed", overflow="fold")
    for change in changes:
        lines = [
            _line(name, *values)
            for name, values in change.fields.items()
            if name not in SAME and any(values)
        ]
        table.add_row(str(change.event["version"]), origin(change.event), Text("\n").join(lines))
    return table


def diff_table(diff: Mapping[str, Any]) -> Table:
    """The differences between two versions of an order, and who made them."""
    title = f"Order {diff['id']}, from version {diff['from']} to {diff['to']}"
    table = Table(title=title, box=HORIZONTALS, show_lines=True)
    table.add_column("what changed", overflow="fold")
    table.add_column("by event, when, who, request", overflow="fold", max_width=34)
    for change in diff["changes"]:
        events = Text("\n").join(origin(each, number=True) for each in change["by"])
        table.add_row(_line(change["field"], change["from"], change["to"]), events)
    return table


KIND_STYLE = {"fact": "", "attempt": "yellow", "note": "magenta"}


def timeline_table(timeline: Mapping[str, Any], words: Mapping[str, str]) -> Table:
    """An order's timeline, a sentence per row; `words` are the language's."""
    table = Table(
        title=f"{timeline['number']}: {timeline['now']}", box=HORIZONTALS, show_lines=True
    )
    table.add_column(words["column.when"], overflow="fold", ratio=3)
    table.add_column(words["column.what"], overflow="fold", ratio=5)
    table.add_column(words["column.left"], overflow="fold", ratio=2)
    for entry in timeline["story"]:
        origin = Text("\n").join(
            Text(each) for each in (short(entry["at"]), entry["who"], entry["request"]) if each
        )
        what = Text(entry["sentence"], style=KIND_STYLE[entry["kind"]])
        table.add_row(origin, what, Text(entry["hold_left"] or ""))
    return table


def origin(event: Mapping[str, Any], *, number: bool = False) -> Text:
    """The name, time, actor and request of an event."""
    name = f"{event['version']}. {event['name']}" if number else event["name"]
    shown = Text(name, style="bold")
    shown.append("\n".join(["", short(event["at"]), *event["actor"].split()]), style="not bold")
    shown.append(f"\nrequest {event['request']}", style="not bold dim")
    return shown


def _line(name: str, before: Any, after: Any) -> Text:
    """A field with its old value, if it had one, and its new value."""
    line = Text(f"{name}: ")
    if isinstance(before, list) and isinstance(after, list) and before and after:
        line.append(", ".join(_added_and_removed(before, after)), style="bold")
        return line
    if before not in (None, []):
        line.append(text_of(before), style="dim strike")
        line.append(" → ")
    line.append(text_of(after), style="bold")
    return line


def _added_and_removed(before: list[Any], after: list[Any]) -> list[str]:
    """The changes of a list: + for added, - for removed elements."""
    came = [f"+{each}" for each in after if each not in before]
    return came + [f"-{each}" for each in before if each not in after]


def flat(document: Mapping[str, Any], path: str = "") -> dict[str, str]:
    """A nested document as one level of dotted names with their values as text."""
    found: dict[str, str] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            found.update(flat(value, f"{path}{name}."))
        else:
            found[path + name] = text_of(value)
    return found


def text_of(value: Any) -> str:
    """A value in a readable form."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else short(str(value))


def minute(moment: datetime | None) -> str:
    """A moment to the minute, in UTC."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def short(value: str) -> str:
    """A moment without its empty digits; anything else as it is."""
    return value.removesuffix("000+00:00") + "Z" if value.endswith("000+00:00") else value
