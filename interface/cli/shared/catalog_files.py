"""Prints what is wrong with a catalogue file, and what loading it would change."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import click

from interface.cli.shared.safe_console import safe
from interface.cli.shared.session import Session

if TYPE_CHECKING:  # see session.py
    from application.catalog.differences import CatalogDiff, DocumentChange, SetChange

REFUSED = "The catalogue was refused; nothing was changed."


def faults(text: bytes, errors: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is wrong with a file, from its first line on, each fault with its path and line."""
    from application.catalog.yaml_document import lines_of  # noqa: PLC0415 - see session.py

    lines = lines_of(text, errors)
    found = [{"path": path, "line": lines.get(path), "what": errors[path]} for path in errors]
    return sorted(found, key=lambda each: each["line"] or 0)


def print_faults(session: Session, said: str, found: Iterable[Mapping[str, Any]]) -> None:
    """Print the faults on standard error."""
    session.err.print(said, style="red")
    for each in found:
        where = f"{each['path']}: " if each["path"] else ""
        line = f" (line {each['line']})" if each["line"] else ""
        click.echo(safe(f"  {where}{each['what']}{line}"), err=True)


def refuse_file(session: Session, text: bytes, errors: Mapping[str, str]) -> NoReturn:
    """Print why a file was not loaded, and end with exit code 1."""
    print_faults(session, REFUSED, faults(text, errors))
    raise SystemExit(1)


def print_losses(session: Session, losses: Iterable[str]) -> None:
    """Print what a load takes off sale, on standard error."""
    session.err.print("This load takes off sale:", style="yellow")
    for each in losses:
        click.echo(safe(f"  {each}"), err=True)


def print_diff(session: Session, diff: "CatalogDiff") -> None:
    """Print what a load would change."""
    lines = [
        *(line for each in diff.documents for line in _document(each)),
        *map(_tickets, diff.tickets),
        *([f"keys: {diff.keys_added} added"] if diff.keys_added else []),
        *(
            f'stays as it is: event "{each.title}" ({each.id}): this file does not name it'
            for each in diff.left
        ),
    ]
    for line in lines:
        click.echo(safe(line))
    if not lines:
        click.echo("Loading this file changes nothing.")
    if diff.takes_off_sale:
        click.echo("Takes off sale, so that loading it needs --yes:")
        for each in diff.takes_off_sale:
            click.echo(safe(f"  {each}"))
    if diff.refused:
        found = [{"path": path, "line": None, "what": what} for path, what in diff.refused.items()]
        print_faults(session, "Loading this file would be refused:", found)


def _document(change: "DocumentChange") -> Iterator[str]:
    name = f' "{change.name}" ({change.id})' if change.name else f" {change.id}"
    yield f"{change.what}: {change.kind}{name}"
    for field, (before, after) in change.fields.items():
        yield f"    {field}: {_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)


def _tickets(change: "SetChange") -> str:
    counts = (("added", change.added), ("removed", change.removed), ("reseated", change.reseated))
    said = ", ".join(f"{count} {what}" for what, count in counts if count)
    return (
        f'tickets: event "{change.title}", set "{change.name}": {said}'
        f" (before: {change.sold} sold, {change.held} held, {change.vacant} vacant)"
    )
