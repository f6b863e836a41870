"""`orderlog deal`: ends deals, and lets them go on."""

import click

from interface.cli.shared.session import Session, database_option, json_option


@click.group()
def deal() -> None:
    """Deals: end one, or resume it."""


@deal.command()
@click.argument("deal_id", metavar="ID")
@json_option("the deal")
@database_option
def end(session: Session, deal_id: str, *, as_json: bool) -> None:
    """End the deal ID, within a second everywhere.

    Its vendor can create no more orders for the organiser's events, and take no more tickets.
    Existing orders can be paid. Loading a catalogue file does not bring the deal back: resume does.
    """
    from application.catalog.endings import end_deal  # noqa: PLC0415 - see session.py

    services = session.services
    ended = end_deal(services.store, deal_id.lower(), services.clock())
    if as_json:
        session.print_json(ended)
    else:
        click.echo(f"The deal {ended.id} has ended: {ended.vendor} sells nothing new by it.")


@deal.command()
@click.argument("deal_id", metavar="ID")
@json_option("the deal")
@database_option
def resume(session: Session, deal_id: str, *, as_json: bool) -> None:
    """Resume the deal ID, which has ended."""
    from application.catalog.endings import resume_deal  # noqa: PLC0415

    services = session.services
    resumed = resume_deal(services.store, deal_id.lower(), services.clock())
    if as_json:
        session.print_json(resumed)
    else:
        click.echo(f"The deal {resumed.id} goes on: {resumed.vendor} sells by it.")
