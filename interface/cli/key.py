"""`orderlog key`: the keys of partners."""

import click

from application.catalog.access import SCOPES
from interface.cli.shared.session import Session, database_option, json_option
from interface.cli.shared.tables import listing, minute


@click.group()
def key() -> None:
    """Keys: create, list and revoke them."""


@key.command()
@click.option("--partner", required=True, metavar="ID", help="Whose key it will be.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="An additional right; audit: read the orders of every partner.",
)
@json_option
@database_option
def create(session: Session, partner: str, scopes: tuple[str, ...], *, as_json: bool) -> None:
    """Make a new key. It is shown once, here, and kept only as a hash."""
    from application.catalog.access import hash_of, key_id  # noqa: PLC0415 - see session.py
    from application.catalog.keys import UnknownPartner, create_key  # noqa: PLC0415

    try:
        services = session.services
        secret = create_key(services.store, partner, services.clock(), scopes)
    except UnknownPartner:
        session.refuse(f"There is no partner {partner}; load a catalogue that has it.")
    if as_json:
        name = key_id(hash_of(secret))
        session.print_json({"id": name, "partner": partner, "scopes": scopes, "key": secret})
    else:
        click.echo(secret)


@key.command("list")
@json_option
@database_option
def list_all(session: Session, *, as_json: bool) -> None:
    """List all keys by their names. The keys themselves are not stored."""
    from application.catalog.keys import list_keys  # noqa: PLC0415 - see session.py

    keys = list_keys(session.services.store)
    if as_json:
        session.print_json(keys)
        return
    table = listing("key", "partner", "scopes", "created (UTC)", "revoked (UTC)")
    for each in keys:
        scopes = ", ".join(each.scopes)
        revoked = minute(each.revoked_at)
        table.add_row(each.id, each.partner, scopes, minute(each.created_at), revoked)
    session.out.print(table)


@key.command()
@click.argument("name")
@json_option
@database_option
def revoke(session: Session, name: str, *, as_json: bool) -> None:
    """Revoke the key NAME.

    NAME is as `orderlog key list` shows it. The key stops working within a second everywhere.
    """
    from application.catalog.keys import UnknownKey, revoke_key  # noqa: PLC0415 - see session.py

    try:
        services = session.services
        revoked = revoke_key(services.store, name, services.clock())
    except UnknownKey:
        session.refuse(f"There is no key {name}; orderlog key list shows them.")
    if as_json:
        session.print_json(revoked)
    else:
        click.echo(f"The key {revoked.id} of partner {revoked.partner} is revoked.")
