"""Conflicts of a valid catalogue file with what was loaded before.

Loading does not remove an event or payment system that a file omits. So the file must not
reuse their names: tickets are picked by their set, payment systems chosen by an alias.
"""

from collections.abc import Iterator

from application.catalog.cache import Catalog
from application.catalog.entries import CatalogFile


def clashes(file: CatalogFile, known: Catalog) -> dict[str, str]:
    """What is wrong, by its path in the file."""
    return dict([*_sets(file, known), *_promocodes(file, known), *_systems(file, known)])


def _sets(file: CatalogFile, known: Catalog) -> Iterator[tuple[str, str]]:
    named = {entry.show.id for entry in file.events}
    owners = {
        ticket_set.id: show.id
        for show in known.shows.values()
        if show.id not in named
        for ticket_set in show.sets
    }
    for i, entry in enumerate(file.events):
        for j, ticket_set in enumerate(entry.show.sets):
            if ticket_set.id in owners:
                path = f"events[{i}].sets[{j}].id"
                yield path, f"Is a set of the event {owners[ticket_set.id]} already."


def _promocodes(file: CatalogFile, known: Catalog) -> Iterator[tuple[str, str]]:
    """The ids of promo codes that other events have: their uses are counted by the id."""
    owners = {each.id: show.id for show in known.shows.values() for each in show.promocodes}
    for i, entry in enumerate(file.events):
        for j, promocode in enumerate(entry.show.promocodes):
            owner = owners.get(promocode.id, entry.show.id)
            if owner != entry.show.id:
                path = f"events[{i}].promocodes[{j}].id"
                yield path, f"Is a promo code of the event {owner} already."


def _systems(file: CatalogFile, known: Catalog) -> Iterator[tuple[str, str]]:
    named = {system.id for system in file.payment_systems}
    for i, system in enumerate(file.payment_systems):
        for field, name in (("id", system.id), ("alias", system.alias)):
            other = known.systems.get(name)
            if other is not None and other.id not in named:
                path = f"payment_systems[{i}].{field}"
                yield path, f"Is a name of the payment system {other.id} already."
