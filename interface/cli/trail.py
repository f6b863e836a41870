"""`orderlog trail`: who changed keys and catalogue, and what auditors have read."""

from typing import TYPE_CHECKING

import click
import msgspec

from interface.cli.shared.session import Session, database_option, json_option, number
from interface.cli.shared.tables import listing, minute

if TYPE_CHECKING:  # see session.py
    from application.ports.admin_trail import TrailEntry

MOST_SHOWN = 1_000_000


@click.command()
@number("--last", 50, 1, MOST_SHOWN, "How many of the newest entries.")
@json_option("the entries, with their hashes")
@database_option
def trail(session: Session, last: int, *, as_json: bool) -> None:
    """Show who changed keys and catalogue, and what auditors read.

    It verifies that no entry was changed or removed. Exit code 1 if one was.
    """
    from application.integrity.admin_trail_check import checked_admin_trail  # noqa: PLC0415 - see session.py

    entries, faults = checked_admin_trail(session.services.store)
    shown = entries[-last:]
    if as_json:
        session.print_json({"entries": [_document(each) for each in shown], "faults": faults})
    else:
        table = listing("#", "when (UTC)", "who", "what", "about")
        for each in shown:
            deed = each.deed
            about = deed.about.decode(errors="replace")
            what = (deed.actor, deed.action, about)
            table.add_row(str(each.number), minute(deed.at), *map(_plain, what))
        nothing = "Nothing is in the administrative trail; a change of keys or catalogue would be."
        session.print_list(table, nothing)
    if faults:
        session.refuse(" ".join(faults))


def _document(entry: "TrailEntry") -> dict[str, object]:
    deed = entry.deed
    about = msgspec.Raw(deed.about)
    head = {"number": entry.number, "at": deed.at, "actor": deed.actor, "action": deed.action}
    return {**head, "about": about, "hash": entry.hash.hex()}


def _plain(text: str) -> str:
    """A text without what a terminal would obey, and without markup."""
    from rich.markup import escape  # noqa: PLC0415 - see session.py

    return escape("".join(each if each.isprintable() else "?" for each in text))
