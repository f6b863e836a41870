"""`orderlog projection`: read models, how far they are, and making them again."""

import click
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from interface.cli.session import Session, database_option


@click.group()
def projection() -> None:
    """Read models: list them, see how far they are, rebuild them."""


@projection.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
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
    table = Table("name", "columns")
    for row in rows:
        table.add_row(str(row["name"]), ", ".join(row["columns"]))
    session.out.print(table)


@projection.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
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
        table = Table("name", "position", "behind", "fed by", "stopped because")
        for row in rows:
            columns = (row[each] for each in ("name", "position", "behind", "feeder", "stopped"))
            table.add_row(*("" if each is None else str(each) for each in columns))
        session.out.print(table)
    if any(state.stopped for state in states):
        raise SystemExit(1)


@projection.command()
@click.argument("name")
@database_option
def rebuild(session: Session, name: str) -> None:
    """Make the read model NAME again from the log, beside the live one, and swap it in."""
    from application.projections.rebuild import rebuild as rebuild_model  # noqa: PLC0415
    from application.projections.registry import PROJECTIONS  # noqa: PLC0415 - see session.py

    if name not in PROJECTIONS:
        raise click.BadParameter(
            f"There is no read model {name}; there are: {', '.join(PROJECTIONS)}."
        )
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} facts/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=session.err) as progress:
        task = progress.add_task(f"Rebuilding {name}", rate="", total=None)

        def tell(position: int, last: int) -> None:
            speed = progress.tasks[0].speed
            rate = f"{speed:,.0f}" if speed else ""
            progress.update(task, completed=position, total=last, rate=rate)

        position = rebuild_model(session.services.store, PROJECTIONS[name], tell)
    click.echo(f"{name} is rebuilt up to position {position}.")
