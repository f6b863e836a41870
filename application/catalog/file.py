"""Reads and checks a catalogue file as a whole. Every wrong value is named by its path."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError
from msgspec.structs import replace

from application.catalog.entries import BadCatalog, CatalogFile, ShowEntry
from application.catalog.file_checks import faults_of, too_many_seats
from application.catalog.file_schema import CatalogIn
from application.catalog.naming import Completed
from application.catalog.yaml_document import read_yaml


def read_catalog_file(text: str | bytes) -> CatalogFile:
    """The catalogue that a file's text describes. Raises `BadCatalog` with all that is wrong."""
    document, errors = read_yaml(text)
    schema = CatalogIn()
    completed = Completed(schema, document)
    errors |= faults_of(completed.document) | completed.errors
    if too_many := too_many_seats(completed.document):
        raise BadCatalog(errors | too_many)
    try:
        loaded: CatalogFile = schema.load(completed.document)
    except ValidationError as error:
        raise BadCatalog(_paths(error.messages_dict) | errors) from error
    if errors or completed.without_id:
        raise BadCatalog(errors or completed.without_id)
    return replace(loaded, events=tuple(_named(each, completed.sectors) for each in loaded.events))


def _named(entry: ShowEntry, names: Mapping[str, str]) -> ShowEntry:
    """A show with the names of the sectors that its seats are in."""
    listed = [tickets for tickets in entry.tickets.values() if not isinstance(tickets, int)]
    used = {ticket.seat.get("sector", "") for tickets in listed for ticket in tickets}
    sectors = {sector: names[sector] for sector in sorted(used) if sector in names}
    return replace(entry, show=replace(entry.show, sectors=sectors))


def _paths(messages: Any, path: str = "") -> dict[str, str]:
    """Marshmallow's nested messages as paths such as `events[0].sets[1].name`."""
    if isinstance(messages, dict):
        found: dict[str, str] = {}
        for name, inner in messages.items():
            if isinstance(name, int):
                step = f"{path}[{name}]"
            elif name == "_schema":
                step = path
            else:
                step = f"{path}.{name}" if path else str(name)
            found.update(_paths(inner, step))
        return found
    return {path: " ".join(messages) if isinstance(messages, list) else str(messages)}
