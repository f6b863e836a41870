"""`orderlog config`: each setting, and where it comes from."""

from typing import Any

import click
from rich.text import Text

from application.configuration import Configuration
from application.settings import TABLE
from interface.cli.shared.session import Session, database_option, json_option
from interface.cli.shared.setting_options import setting_options
from interface.cli.shared.tables import listing


@click.command()
@json_option("for each setting its value, its unit and where it comes from")
@setting_options
@database_option
def config(session: Session, *, as_json: bool) -> None:
    """Show each setting, and where it comes from.

    It takes the options of `orderlog serve`, to see what they would do. Passwords are not shown.
    """
    known = session.configuration
    if as_json:
        session.print_json(document(known))
        return
    table = listing("setting", "value", "from")
    for name, each in TABLE.items():
        unit = f" {each.about.unit}" if each.about.unit else ""
        shown = each.shown(getattr(known.settings, name))
        table.add_row(name, Text(shown + unit if shown else ""), Text(known.origins[name]))
    session.out.print(table)
    click.echo(f"File of settings: {known.file or 'none'}.")


def document(known: Configuration) -> dict[str, Any]:
    """The settings as a document. What has something to hide is in words."""
    entries = {}
    for name, each in TABLE.items():
        value = getattr(known.settings, name)
        hides = each.about.shown is not str
        entries[name] = {
            "value": each.shown(value) if hides else value,
            "unit": each.about.unit or None,
            "from": known.origins[name],
        }
    return {"file": known.file, "settings": entries}
