"""An order and its history as tables for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from application.order_history import Change

STATUS_STYLE = {
    "executed": "cyan",
    "in_progress": "yellow",
    "done": "green",
    "canceled": "red",
    "expired": "magenta",
}


def document_table(document: dict[str, Any], version: int) -> Table:
    """The fields of an order's document, one a line."""
    table = Table(title=f"Order {document['number']}, version {version}", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in flat(document).items():
        style = STATUS_STYLE.get(value, "") if name == "status" else ""
        table.add_row(name, Text(value, style=style))
    return table


def history_table(order_id: str, changes: Sequence[Change]) -> Table:
    """An order's facts with what each changed, from what to what."""
    table = Table(title=f"History of order {order_id}", show_lines=True)
    table.add_column("#", justify="right")
    table.add_column("when, who, by which request", overflow="fold", ratio=2)
    table.add_column("what", style="bold", no_wrap=True)
    table.add_column("what changed", overflow="fold", ratio=3)
    for change in changes:
        event = change.event
        what = Text("\n").join(_line(*each) for each in flat_changes(change))
        origin = f"{short(event['at'])}\n{event['actor']}\n{event['request']}"
        table.add_row(str(event["version"]), origin, event["name"], what)
    return table


def diff_table(diff: dict[str, Any]) -> Table:
    """What changed between two versions of an order, and who changed it."""
    table = Table(title=f"Order {diff['id']}, from version {diff['from']} to {diff['to']}")
    table.add_column("field", style="bold", overflow="fold")
    table.add_column("from", style="dim", overflow="fold", ratio=2)
    table.add_column("to", overflow="fold", ratio=2)
    table.add_column("by which fact, when, who, which request", overflow="fold", ratio=3)
    for change in diff["changes"]:
        origins = [
            f"{each['version']}. {each['name']} {short(each['at'])}\n"
            f"{each['actor']} {each['request']}"
            for each in change["by"]
        ]
        before, after = _value(change["from"]), _value(change["to"])
        table.add_row(Text(change["field"]), Text(before), Text(after), Text("\n".join(origins)))
    return table


KIND_STYLE = {"fact": "", "attempt": "yellow", "note": "magenta"}


def story_table(story: dict[str, Any], words: Mapping[str, str]) -> Table:
    """An order's story, a sentence a row; `words` are the language's."""
    table = Table(title=f"{story['number']}: {story['now']}", show_lines=True)
    table.add_column(words["column.when"], overflow="fold", ratio=3)
    table.add_column(words["column.what"], overflow="fold", ratio=5)
    table.add_column(words["column.left"], overflow="fold", ratio=2)
    for entry in story["story"]:
        origin = Text("\n").join(
            Text(each) for each in (short(entry["at"]), entry["who"], entry["request"]) if each
        )
        what = Text(entry["sentence"], style=KIND_STYLE[entry["kind"]])
        table.add_row(origin, what, Text(entry["hold_left"] or ""))
    return table


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else short(str(value))


def flat_changes(change: Change) -> list[tuple[str, str | None, str | None]]:
    """Each field that changed, with its value before and after (None: it was not there)."""
    before, after = flat(change.before or {}), flat(change.after)
    return [
        (name, before.get(name), after.get(name))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]


def _line(name: str, before: str | None, after: str | None) -> Text:
    line = Text(f"{name}: ")
    if before is not None:
        line.append(short(before), style="dim strike")
        line.append(" → ")
    line.append(short(after) if after is not None else "gone", style="bold")
    return line


def flat(document: dict[str, Any], path: str = "") -> dict[str, str]:
    """A nested document as one level of dotted names with their values as text."""
    found: dict[str, str] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            found.update(flat(value, f"{path}{name}."))
        elif isinstance(value, list):
            found[path + name] = ", ".join(map(str, value)) or "none"
        else:
            found[path + name] = "none" if value is None else str(value)
    return found


def short(value: str) -> str:
    """A moment without its empty digits, for the eye; anything else as it is."""
    return value.removesuffix("000+00:00") + "Z" if value.endswith("000+00:00") else value
