"""`orderlog projection`: read models, how far they are, and making them again."""

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from interface.cli.read_model_tables import differences_table
from interface.cli.session import Session, database_option, extra, json_option
from interface.cli.tables import listing

if TYPE_CHECKING:
    from application.projections.rebuild import Outcome
    from application.projections.rebuild_workers import Workers
    from application.projections.registry import Projection


@click.group()
def projection() -> None:
    """Read models: see how far they are, rebuild them."""


@projection.command("list")
@json_option
@database_option
def list_projections(session: Session, *, as_json: bool) -> None:
    """List the read models and their columns."""
    from application.projections.registry import PROJECTIONS  # noqa: PLC0415 - see session.py

    rows = [
        {"name": name, "columns": list(each.table.columns)} for name, each in PROJECTIONS.items()
    ]
    if as_json:
        session.print_json(rows)
        return
    table = listing("name", "columns")
    for row in rows:
        table.add_row(str(row["name"]), ", ".join(row["columns"]))
    session.out.print(table)


@projection.command()
@json_option
@database_option
def status(session: Session, *, as_json: bool) -> None:
    """Show how far each read model is. Exit code 1 when one has stopped."""
    from application.projections.registry import PROJECTIONS  # noqa: PLC0415 - see session.py

    store = session.services.store
    last = store.last_position()
    states = [store.read_models().state(name) for name in PROJECTIONS]
    rows = [
        {
            "name": state.name,
            "position": state.position,
            "last": last,
            "behind": last - state.position,
            "feeder": state.feeder,
            "stopped": state.stopped,
        }
        for state in states
    ]
    if as_json:
        session.print_json(rows)
    else:
        table = listing("name", "position", "behind", "fed by", "stopped because")
        for row in rows:
            columns = (row[each] for each in ("name", "position", "behind", "feeder", "stopped"))
            table.add_row(*("" if each is None else str(each) for each in columns))
        session.out.print(table)
    if any(state.stopped for state in states):
        raise SystemExit(1)


@projection.command()
@click.argument("name")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes that load the new table; by default one for each processor.",
)
@click.option(
    "--from",
    "archive",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Read what it has of the log from an archive instead of the database.",
)
@click.option(
    "--scheduler",
    metavar="URL",
    help="Have the workers of a Dask scheduler load the new table: tcp://host:8786.",
)
@click.option("--check", is_flag=True, help="Compare only, and drop the new table.")
@click.option(
    "--accept-differences", is_flag=True, help="Take the new table even if it has other rows."
)
@database_option
def rebuild(
    session: Session,
    name: str,
    workers: int | None,
    archive: Path | None,
    scheduler: str | None,
    *,
    check: bool,
    accept_differences: bool,
) -> None:
    """Make the read model NAME again from the log.

    It is made beside the live one and swapped in at the end. It is compared with the live one
    first: where rows differ it is not swapped in, and the exit code is 1. The one it replaces is
    kept for `orderlog projection rollback`.
    """
    from application.projections import rebuild as rebuilding  # noqa: PLC0415 - see session.py
    from application.projections.rebuild_workers import be_polite  # noqa: PLC0415

    known = _known(name)
    if archive is not None:
        with extra("archive"):
            import_module("application.archive.reading")
    store = session.services.store
    be_polite()
    with Progress(*COLUMNS, console=session.err) as progress:
        task = progress.add_task(f"Rebuilding {name}", rate="", total=None)

        def tell(done: int, total: int) -> None:
            speed = progress.tasks[0].speed
            rate = f"{speed:,.0f}" if speed else ""
            progress.update(task, completed=done, total=total, rate=rate)

        outcome = rebuilding.rebuild(
            store,
            known,
            tell,
            database=session.settings.database,
            workers=_workers(workers, scheduler),
            archive=archive,
            check=check,
            accept_differences=accept_differences,
        )
    _tell_outcome(session, name, outcome)
    if outcome.needs_leave or (check and outcome.incomparable):
        raise SystemExit(1)


@projection.command()
@click.argument("name")
@database_option
def rollback(session: Session, name: str) -> None:
    """Go back to the table that the last rebuild of NAME replaced."""
    from application.projections.rebuild import roll_back  # noqa: PLC0415 - see session.py

    position = roll_back(session.services.store, _known(name))
    click.echo(f"{name} is the earlier one again, up to position {position}.")


COLUMNS = (
    SpinnerColumn(),
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("{task.fields[rate]} facts/s"),
    TimeRemainingColumn(),
)


def _workers(count: int | None, scheduler: str | None) -> "Workers | None":
    """Who loads the new table; None for this process itself."""
    from application.projections.rebuild_workers import in_processes  # noqa: PLC0415

    if scheduler is not None:
        with extra("dask"):
            on_dask = import_module("application.projections.dask_workers").on_dask
        workers: Workers = on_dask(scheduler)
        return workers
    processes = count or os.cpu_count() or 1
    return in_processes(processes) if processes > 1 else None


def _known(name: str) -> "Projection":
    from application.projections.registry import PROJECTIONS  # noqa: PLC0415 - see session.py

    if name not in PROJECTIONS:
        raise click.BadParameter(
            f"There is no read model {name}; there are: {', '.join(PROJECTIONS)}."
        )
    return PROJECTIONS[name]


def _tell_outcome(session: Session, name: str, outcome: "Outcome") -> None:
    """Say what a rebuild came to, and show the first differences."""
    if outcome.differences:
        session.out.print(differences_table(outcome, _known(name).table))
    if outcome.incomparable:
        click.echo(f"The live {name} could not be compared with: {outcome.incomparable}.")
    elif not outcome.differences:
        click.echo(f"No row differs at position {outcome.position}.")
    if outcome.swapped:
        click.echo(f"{name} is rebuilt up to position {outcome.position}.")
    elif outcome.needs_leave:
        click.echo(
            f"{name} stays as it is. If this is expected, use --accept-differences:"
            " what is loaded is kept."
        )
