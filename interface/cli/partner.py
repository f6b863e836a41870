"""`orderlog partner`: suspends partners, and lets them sell again."""

import click

from interface.cli.shared.session import Session, database_option, json_option


@click.group()
def partner() -> None:
    """Partners: suspend one, or let it sell again."""


@partner.command()
@click.argument("partner_id", metavar="ID")
@json_option("the partner")
@database_option
def suspend(session: Session, partner_id: str, *, as_json: bool) -> None:
    """Suspend the partner ID, within a second everywhere.

    It can create no more orders and take no more tickets, and nobody can sell its own events.
    Existing orders can be paid. Its keys still work: orderlog key revoke takes them away. Loading a
    catalogue file does not end this: resume does.
    """
    from application.catalog.endings import suspend_partner  # noqa: PLC0415 - see session.py

    services = session.services
    suspended = suspend_partner(services.store, partner_id.lower(), services.clock())
    if as_json:
        session.print_json(suspended)
    else:
        click.echo(f"The partner {suspended.id} ({suspended.name}) is suspended.")


@partner.command()
@click.argument("partner_id", metavar="ID")
@json_option("the partner")
@database_option
def resume(session: Session, partner_id: str, *, as_json: bool) -> None:
    """Let the suspended partner ID sell again."""
    from application.catalog.endings import resume_partner  # noqa: PLC0415 - see session.py

    services = session.services
    resumed = resume_partner(services.store, partner_id.lower(), services.clock())
    if as_json:
        session.print_json(resumed)
    else:
        click.echo(f"The partner {resumed.id} ({resumed.name}) sells again.")
