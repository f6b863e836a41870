"""The differences that a rebuild found, as a table."""

from typing import TYPE_CHECKING

import msgspec
from rich.table import Table

from interface.cli.shared.tables import flat

if TYPE_CHECKING:  # see session.py
    from application.ports.read_models import Row
    from application.ports.read_models import Table as Shape
    from application.projector.rebuild import Outcome


def differences_table(outcome: "Outcome", shape: "Shape") -> Table:
    """The first rows that differ, each with its differing fields."""
    title = f"{outcome.differences:,} rows differ"
    more = outcome.differences - len(outcome.shown)
    table = Table("row", "live", "rebuilt", title=title, caption=f"and {more:,} more" * bool(more))
    table.columns[0].no_wrap = True
    for each in outcome.shown:
        live, new = _fields(each.live, shape), _fields(each.new, shape)
        names = [name for name in {**live, **new} if live.get(name) != new.get(name)]
        table.add_row(each.key, _described(live, names), _described(new, names))
    return table


def _fields(row: "Row | None", shape: "Shape") -> dict[str, str]:
    """All fields of a row, by name."""
    if row is None:
        return {}
    named = dict(zip(shape.columns, map(str, row.columns), strict=False))
    try:
        document = msgspec.json.decode(row.document)
    except msgspec.DecodeError:
        return {**named, "document": row.document.hex()}
    return {**named, **flat({"document": document})}


def _described(fields: dict[str, str], names: list[str]) -> str:
    if not fields:
        return "is not there"
    return "\n".join(f"{name}: {fields[name]}" for name in names if name in fields)
