"""`orderlog key`: the keys of partners."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click
import msgspec

from application.catalog.scopes import OF_A_SELLER, SCOPES
from interface.cli.shared.keys import with_known_keys
from interface.cli.shared.session import Session, database_option, json_option
from interface.cli.shared.tables import listing, minute

if TYPE_CHECKING:  # see session.py
    from application.catalog.cache import Key

MOST_DAYS = 3650
MOST_HOURS = 24 * 90


@click.group()
def key() -> None:
    """Keys: create, list, rotate and revoke them."""


@key.command()
@click.option("--partner", required=True, metavar="ID", help="The partner that the key is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="A right of the key, which has no others. Can be repeated; without any, the key has the"
    " rights of a seller.",
)
@click.option(
    "--days",
    metavar="N",
    type=click.IntRange(1, MOST_DAYS),
    help="For how many days it works; if not given, without an end.",
)
@json_option("the key with its name")
@database_option
def create(
    session: Session, partner: str, scopes: tuple[str, ...], days: int | None, *, as_json: bool
) -> None:
    """Make a new key. It is shown once, here, and cannot be read back."""
    from application.catalog.keys import create_key  # noqa: PLC0415

    services = with_known_keys(session)
    at = services.clock()
    end = None if days is None else at + timedelta(days=days)
    made = create_key(
        services.store, partner, at, scopes, secret=services.key_secret, expires_at=end
    )
    if as_json:
        session.print_json(_shown(made.key) | {"key": made.text})
    else:
        click.echo(made.text)


@key.command("list")
@json_option("the keys")
@database_option
def list_all(session: Session, *, as_json: bool) -> None:
    """List all keys by their names. The keys themselves are not stored."""
    from application.catalog.keys import list_keys  # noqa: PLC0415 - see session.py

    services = with_known_keys(session)
    keys, used = list_keys(services.store), services.key_usage.last()
    if as_json:
        session.print_json([_shown(each, used.get(each.id)) for each in keys])
        return
    at = services.clock()
    table = listing("key", "partner", "scopes", "state (UTC)", "used (UTC)")
    for each in keys:
        scopes = "seller" if each.scopes == OF_A_SELLER else ", ".join(each.scopes)
        table.add_row(each.id, each.partner, scopes, _state(each, at), minute(used.get(each.id)))
    for column in table.columns[:2]:
        column.no_wrap = True
    session.print_list(table, "There are no keys; orderlog key create makes one.")


@key.command()
@click.argument("name")
@json_option("the key")
@database_option
def revoke(session: Session, name: str, *, as_json: bool) -> None:
    """Revoke the key NAME.

    NAME is as `orderlog key list` shows it. The key stops working within a second everywhere.
    """
    from application.catalog.keys import UnknownKey, revoke_key  # noqa: PLC0415 - see session.py

    services = with_known_keys(session)
    try:
        revoked = revoke_key(services.store, name, services.clock())
    except UnknownKey:
        session.refuse(f"There is no key {name}; orderlog key list shows them.")
    if as_json:
        session.print_json(_shown(revoked))
    else:
        click.echo(f"The key {revoked.id} of partner {revoked.partner} is revoked.")


@key.command()
@click.argument("name")
@click.option(
    "--overlap",
    "hours",
    metavar="HOURS",
    default=24,
    show_default=True,
    type=click.IntRange(0, MOST_HOURS),
    help="For how many hours both keys work; 0 ends the old one at once.",
)
@json_option("both keys")
@database_option
def rotate(session: Session, name: str, hours: int, *, as_json: bool) -> None:
    """Make a new key in place of NAME, with the same partner and scopes.

    The new key is shown once, here. The old one works until the overlap ends.
    """
    from application.catalog.keys import KeyEnded, UnknownKey, rotate_key  # noqa: PLC0415

    services = with_known_keys(session)
    overlap = timedelta(hours=hours)
    try:
        made, old = rotate_key(
            services.store, name, services.clock(), overlap, secret=services.key_secret
        )
    except UnknownKey:
        session.refuse(f"There is no key {name}; orderlog key list shows them.")
    except KeyEnded:
        session.refuse(f"The key {name} does not work any more: orderlog key create makes one.")
    if as_json:
        session.print_json(_shown(made.key) | {"key": made.text, "old": _shown(old)})
        return
    click.echo(made.text)
    click.echo(f"The key {old.id} works until {minute(old.expires_at)} (UTC).", err=True)


@key.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@database_option
def reset(session: Session, *, yes: bool) -> None:
    """Revoke all keys.

    For use when the secret that protects the stored keys is lost, or known to others. The secrets
    of webhooks are derived from it, and change with it.
    """
    from application.catalog.keys import reset_keys  # noqa: PLC0415 - see session.py

    services = session.services
    _warn_of_webhooks(session)
    if not yes:
        click.confirm("Revoke all keys of all partners?", abort=True)
    revoked = reset_keys(services.store, services.clock(), services.key_secret)
    click.echo(f"{revoked} keys are revoked; new ones are stored under {services.key_secret.path}.")


def _warn_of_webhooks(session: Session) -> None:
    """Say how many webhooks will sign with other secrets, if they will."""
    services = session.services
    count = len(services.store.webhooks().all())
    if not count or services.key_secret.is_of(services.catalog.current().key_secret):
        return
    click.echo(
        f"{count} {'webhooks sign' if count > 1 else 'webhook signs'} with other secrets after"
        f" this, since theirs follow from the file {services.key_secret.path}, which is gone or"
        " another. Their receivers refuse deliveries until each has a new one: orderlog webhook"
        " list shows them, orderlog webhook rotate ID --end-old makes it.",
        err=True,
    )


def _shown(key: "Key", used: datetime | None = None) -> dict[str, object]:
    """A key as JSON: what is not known, or not so, is absent."""
    shown = msgspec.structs.asdict(key) | {"used_at": used}
    return {name: value for name, value in shown.items() if value}


def _state(key: "Key", at: datetime) -> str:
    if key.revoked_at is not None:
        return f"revoked {minute(key.revoked_at)}"
    if key.expires_at is None:
        return "sample" if key.sample else "works"
    return f"{'ends' if key.works(at) else 'ended'} {minute(key.expires_at)}"
