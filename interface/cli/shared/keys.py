"""What every command that works with keys does first."""

from typing import TYPE_CHECKING

import click

from interface.cli.shared.session import Session

if TYPE_CHECKING:  # see session.py
    from application.bootstrap import Services


def with_known_keys(session: Session) -> "Services":
    """The services, with the keys of an earlier version stored anew."""
    services = session.services
    renew(services)
    return services


def renew(services: "Services") -> None:
    """Store the keys of an earlier version anew, and say so on standard error."""
    from application.catalog.keys import renew_old_keys  # noqa: PLC0415 - see session.py

    secret = services.key_secret
    renewed = renew_old_keys(services.store, secret, services.clock())
    if not renewed.keys:
        return
    click.echo(
        f"{renewed.keys} keys of an earlier version are now stored under the secret in"
        f" {secret.path}, and go on working: keep a copy of that file. How strong they are is not"
        " known: orderlog key rotate replaces one.",
        err=True,
    )
    if renewed.auditors:
        click.echo(
            f"{renewed.auditors} of them have the scope audit: they read, and no longer sell.",
            err=True,
        )
