"""`orderlog expire`: records that holds have ended, for cron or beside a service."""

import time
from contextlib import suppress

import click

from interface.cli.shared.session import Session, database_option, json_option


@click.command()
@click.option(
    "--once", is_flag=True, help="Sweep once and end; without this, go on until interrupted."
)
@json_option("which orders expired; only with --once")
@database_option
def expire(session: Session, *, once: bool, as_json: bool) -> None:
    """Free the tickets of overdue orders."""
    if as_json and not once:
        raise click.UsageError("--json goes with --once.")
    services = session.services
    if once:
        expired = sweep_now(session)
        if as_json:
            session.print_json({"expired": expired})
        else:
            report(expired)
        return
    with suppress(KeyboardInterrupt):
        while True:
            expired = sweep_now(session)
            if expired:
                report(expired)
            time.sleep(services.settings.sweep_seconds)


def sweep_now(session: Session) -> list[str]:
    """Record the end of overdue holds, delete old rejected requests; return the expired orders."""
    from application.orders.expiry import sweep  # noqa: PLC0415 - see session.py
    from application.projector.loop import catch_up  # noqa: PLC0415

    services = session.services
    services.store_clock.look()
    catch_up(services.store, "holds")
    services.attempts.purge(services.clock())
    return sweep(services.queries, services.orders, "orderlog expire")


def report(expired: list[str]) -> None:
    """Print how many orders expired."""
    click.echo(f"{len(expired)} {'order' if len(expired) == 1 else 'orders'} expired.")
