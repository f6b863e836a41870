"""`orderlog expire`: records that holds have ended, for cron or beside a service."""

import time

import click

from interface.cli.session import Session, database_option


@click.command()
@click.option("--once", is_flag=True, help="Sweep once and end; else go on until interrupted.")
@database_option
def expire(session: Session, *, once: bool) -> None:
    """Let the tickets of overdue orders go."""
    from application.clock import now  # noqa: PLC0415
    from application.expiry import sweep  # noqa: PLC0415 - see session.py
    from application.projections.pull_loop import catch_up  # noqa: PLC0415

    services = session.services
    while True:
        catch_up(services.store, "holds")
        services.attempts.purge(now())
        expired = sweep(services.queries, services.orders, "orderlog expire")
        if expired or once:
            click.echo(f"{len(expired)} orders expired.")
        if once:
            return
        time.sleep(services.settings.sweep_seconds)
