"""`orderlog projection`: the status of read models, and rebuilds."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interface.cli.shared.progress_bars import events_bar
from interface.cli.shared.read_model_tables import differences_table
from interface.cli.shared.safe_console import safe
from interface.cli.shared.session import (
    Session,
    database_option,
    extra,
    json_option,
    workers_option,
)
from interface.cli.shared.tables import listing

if TYPE_CHECKING:
    from application.projector.generations import Loading
    from application.projector.rebuild import Outcome
    from application.projector.workers import Workers
    from application.read_models.registry import Projection


IN_PLACE = ("tickets", "requests", "numbers")
"""Records that change in the commit of the events: they are repaired in place, not swapped."""


@click.group()
def projection() -> None:
    """Read models: show their status, rebuild them."""


@projection.command("list")
@json_option("the read models with their columns")
@database_option
def list_projections(session: Session, *, as_json: bool) -> None:
    """List the read models and their columns."""
    from application.read_models.registry import REBUILT  # noqa: PLC0415 - see session.py

    rows = [{"name": name, "columns": list(each.table.columns)} for name, each in REBUILT.items()]
    if as_json:
        session.print_json(rows)
        return
    table = listing("name", "columns")
    for row in rows:
        table.add_row(str(row["name"]), ", ".join(row["columns"]))
    session.out.print(table)


@projection.command()
@json_option("the status of each read model")
@database_option
def status(session: Session, *, as_json: bool) -> None:
    """Show how far each read model is. Exit code 1 when one has stopped."""
    from application.operations import read_model_status  # noqa: PLC0415 - see session.py

    statuses = read_model_status.read_model_statuses(session.services.store)
    rows = [
        {
            "name": each.name,
            "position": each.position,
            "last": each.last,
            "behind": each.behind,
            "feeder": each.projector,
            "stopped": each.trouble,
        }
        for each in statuses
    ]
    if as_json:
        session.print_json(rows)
    else:
        table = listing("name", "position", "behind", "projected by", "stopped because")
        for row in rows:
            columns = (row[each] for each in ("name", "position", "behind", "feeder", "stopped"))
            table.add_row(*("" if each is None else str(each) for each in columns))
        session.out.print(table)
    if any(row["stopped"] for row in rows):
        raise SystemExit(1)


@projection.command()
@click.argument("name")
@workers_option("Processes that load the new table")
@click.option(
    "--from",
    "archive",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Read the archived part of the log from an archive instead of the database.",
)
@click.option(
    "--scheduler",
    metavar="URL",
    help="Load the new table on the workers of a Dask scheduler: tcp://host:8786.",
)
@click.option("--check", is_flag=True, help="Compare only, and drop the new table.")
@click.option(
    "--accept-differences",
    is_flag=True,
    help="Swap the new table in even if rows differ, as after a change of the projection; repair"
    " what is compared in place.",
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
    """Rebuild the read model NAME from the log.

    It is built beside the live one, compared with it, and swapped in. If rows differ it is not
    swapped in, and the exit code is 1. The old one is kept for `orderlog projection rollback`.
    Tickets, idempotency records and numbers are compared in place; --accept-differences repairs
    them.
    """
    from application.projector import rebuild as rebuilding  # noqa: PLC0415 - see session.py
    from application.projector.ticket_check import check_tickets  # noqa: PLC0415
    from application.read_models.registry import BESIDE, REBUILT  # noqa: PLC0415

    known = _known(name, REBUILT)
    repair = accept_differences and not check
    if name in BESIDE:
        if archive or scheduler or workers:
            raise click.UsageError(f"{name} are compared in place, by this process alone.")
        _compare_in_place(session, known, repair=repair)
        return
    with _loading(session, workers, scheduler, archive) as loading:
        store = session.services.store
        with events_bar(session, f"Rebuilding {name}") as report:
            if name == "tickets":
                outcome = check_tickets(store, report, loading, repair=repair)
            else:
                accept = accept_differences
                outcome = rebuilding.rebuild(
                    store, known, report, loading, check=check, accept_differences=accept
                )
    _report_outcome(session, known, outcome)
    if outcome.needs_acceptance or (check and outcome.incomparable):
        raise SystemExit(1)


@contextmanager
def _loading(
    session: Session, workers: int | None, scheduler: str | None, archive: Path | None
) -> "Iterator[Loading]":
    """How the new table is loaded, at a low priority; before anything else makes threads."""
    from application.bootstrap import opener_of  # noqa: PLC0415 - see session.py
    from application.projector.generations import Loading  # noqa: PLC0415
    from application.runtime.worker_processes import lower_priority  # noqa: PLC0415

    if archive is not None:
        with extra("archive"):
            import_module("application.archive.reading")
    lower_priority()
    opener = opener_of(session.settings.database)
    with _workers(workers, scheduler) as work:
        yield Loading(opener, work, archive)


def _compare_in_place(session: Session, known: "Projection", *, repair: bool) -> None:
    """Compare records derived from the log, and correct them with `repair`; else exit code 1."""
    from application.projector.derived_records_check import check_numbers, check_requests  # noqa: PLC0415

    name = known.table.name
    run = check_requests if name == "requests" else check_numbers
    with events_bar(session, f"Comparing {name}") as report:
        outcome = run(session.services.store, report, repair=repair)
    _report_outcome(session, known, outcome)
    if outcome.needs_acceptance:
        raise SystemExit(1)


@projection.command()
@click.argument("name")
@database_option
def rollback(session: Session, name: str) -> None:
    """Go back to the table that the last rebuild of NAME replaced."""
    from application.projector.rebuild import roll_back  # noqa: PLC0415 - see session.py
    from application.read_models.registry import PROJECTIONS  # noqa: PLC0415

    projection = _known(name, PROJECTIONS)
    position = roll_back(session.services.store, projection)
    click.echo(f"{name} is the earlier one again, up to position {position}.")


@contextmanager
def _workers(count: int | None, scheduler: str | None) -> "Iterator[Workers | None]":
    """The workers that load the new table; None for this process."""
    from application.projector.workers import started  # noqa: PLC0415

    if scheduler is not None:
        with extra("dask"):
            on_dask = import_module("application.projector.dask_workers").on_dask
        yield on_dask(scheduler)
        return
    processes = count or os.cpu_count() or 1
    with started(processes) if processes > 1 else nullcontext() as workers:
        yield workers


def _known(name: str, projections: "Mapping[str, Projection]") -> "Projection":
    if name not in projections:
        raise click.BadParameter(
            f"There is no read model {name}; there are: {', '.join(projections)}."
        )
    return projections[name]


def _report_outcome(session: Session, projection: "Projection", outcome: "Outcome") -> None:
    """Print the outcome of a rebuild, and the first differences."""
    name = projection.table.name
    if outcome.differences:
        session.out.print(differences_table(outcome, projection.table))
    if outcome.incomparable:
        click.echo(safe(f"The live {name} could not be compared with: {outcome.incomparable}."))
    elif not outcome.differences:
        click.echo(f"No row differs at position {outcome.position}.")
    if name in IN_PLACE:
        click.echo(_line_in_place(name, outcome))
    elif outcome.swapped:
        click.echo(f"{name} is rebuilt up to position {outcome.position}.")
    elif outcome.needs_acceptance:
        click.echo(
            f"{name} stays as it is. If this is expected, use --accept-differences:"
            " what is loaded is kept."
        )


def _line_in_place(name: str, outcome: "Outcome") -> str:
    if not outcome.differences:
        return f"{name} are as the log says."
    if not outcome.swapped:
        return f"{name} stay as they are. --accept-differences puts them right."
    if outcome.needs_acceptance:
        return f"{name} are put right, but for those that are not in the catalogue."
    return f"{name} are put right."
