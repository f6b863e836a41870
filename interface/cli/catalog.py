"""`orderlog catalog`: what is for sale, by whom, at what price."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
import msgspec
from rich.table import Table

from interface.cli.shared.catalog_files import (
    faults,
    print_diff,
    print_faults,
    print_losses,
    refuse_file,
)
from interface.cli.shared.keys import with_known_keys
from interface.cli.shared.session import Session, database_option, json_option
from interface.cli.shared.tables import listing, minute

if TYPE_CHECKING:  # see session.py
    from application.catalog.loading import LoadReport


@click.group()
def catalog() -> None:
    """The catalogue: its file, and what is loaded."""


@catalog.command()
@click.argument("file", type=click.File("rb", lazy=True), required=False)
@click.option("--sample", is_flag=True, help="Load the sample catalogue instead of a file.")
@click.option("--yes", is_flag=True, help="Load it even if it takes something off sale.")
@click.option(
    "--sandbox",
    is_flag=True,
    help="Load it into a database of the sandbox; without this, one is refused.",
)
@json_option("the outcome")
@database_option
def load(
    session: Session,
    file: BinaryIO | None,
    *,
    sample: bool,
    yes: bool,
    sandbox: bool,
    as_json: bool,
) -> None:
    """Load a catalogue FILE (- for standard input). Loading it again changes nothing."""
    from application.catalog.differences import TakesOffSale  # noqa: PLC0415
    from application.catalog.entries import BadCatalog  # noqa: PLC0415
    from application.catalog.loading import TicketsInUse  # noqa: PLC0415

    if (file is None) is not sample:
        raise click.UsageError("Name a FILE, or --sample.")
    text = b"" if file is None else file.read()
    try:
        report = _load_agreed(session, None if file is None else text, yes=yes, sandbox=sandbox)
    except (BadCatalog, TicketsInUse) as refused:
        refuse_file(session, text, refused.errors)
    except TakesOffSale as refused:
        print_losses(session, [each.text for each in refused.losses])
        session.refuse("Nothing was changed. Load it with --yes if that is meant.")
    if as_json:
        session.print_json(report)
        return
    click.echo(
        f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged; "
        f"{report.keys_added} keys added; tickets: {report.tickets_added} added, "
        f"{report.tickets_changed} changed, {report.tickets_removed} removed."
    )


def _refuse_other_kind(session: Session, *, sandbox: bool) -> None:
    """Refuse a database of the sandbox without --sandbox, and any other one with it."""
    from application.catalog.sandbox_mark import is_sandbox, refuse_sandbox  # noqa: PLC0415

    store = session.services.store
    if not sandbox:
        refuse_sandbox(store, "give --sandbox, or name another database.")
    elif not is_sandbox(store):
        session.refuse("This database is not of the sandbox: leave out --sandbox.")


def _load_agreed(session: Session, text: bytes | None, *, yes: bool, sandbox: bool) -> "LoadReport":
    """Load a file, or the sample. A person at a terminal is asked about what it takes off sale."""
    from application.catalog.differences import TakesOffSale  # noqa: PLC0415
    from application.catalog.file import read_catalog_file  # noqa: PLC0415
    from application.catalog.loading import load_catalog, load_sample  # noqa: PLC0415

    file = None if text is None else read_catalog_file(text)
    session.makes_database = True
    _refuse_other_kind(session, sandbox=sandbox)
    services = with_known_keys(session)
    store, secret = services.store, services.key_secret
    agreed = None if yes else frozenset[str]()
    while True:
        try:
            if file is None:
                return load_sample(store, services.clock(), secret, agreed)
            return load_catalog(store, file, services.clock(), secret, agreed)
        except TakesOffSale as asks:
            if not sys.stdin.isatty():
                raise
            print_losses(session, [each.text for each in asks.losses])
            if not click.confirm("Load it?", err=True):
                session.refuse("Nothing was changed.")
            agreed = frozenset(each.key for each in asks.losses)


@catalog.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="catalog.yaml")
def new(file: str) -> None:
    """Write an example to FILE.

    The example has comments. FILE is catalog.yaml by default; - is standard output.

    An existing file is never overwritten.
    """
    from application.catalog.loading import example_catalog  # noqa: PLC0415 - see session.py

    if file == "-":
        click.echo(example_catalog(), nl=False)
        return
    with Path(file).open("xb") as made:
        made.write(example_catalog())
    click.echo(f"{file} is written. orderlog catalog check {file} says whether it is right.")


@catalog.command()
def schema() -> None:
    """Print the JSON Schema of a file, for editors."""
    from application.catalog.json_schema import catalog_json_schema  # noqa: PLC0415

    click.echo(catalog_json_schema(), nl=False)


@catalog.command()
@click.argument("file", type=click.File("rb", lazy=True))
@json_option("errors, each with path, line and what")
@click.pass_obj
def check(session: Session, file: BinaryIO, *, as_json: bool) -> None:
    """Check a FILE (- for standard input), and show all faults.

    It needs no database.
    """
    from application.catalog.entries import BadCatalog  # noqa: PLC0415
    from application.catalog.file import read_catalog_file  # noqa: PLC0415

    text, found = file.read(), []
    try:
        known = read_catalog_file(text)
    except BadCatalog as bad:
        found = faults(text, bad.errors)
    if as_json:
        session.print_json({"errors": found})
    elif found:
        print_faults(session, f"The catalogue has errors: {len(found)}.", found)
    else:
        tickets = sum(each.amount for entry in known.events for each in entry.show.sets)
        click.echo(
            f"The catalogue is right: partners {len(known.partners)}, payment systems"
            f" {len(known.payment_systems)}, deals {len(known.deals)}, events"
            f" {len(known.events)}, tickets {tickets}."
        )
    raise SystemExit(1 if found else 0)


@catalog.command()
@click.argument("file", type=click.File("rb", lazy=True))
@json_option("what would change")
@database_option
def diff(session: Session, file: BinaryIO, *, as_json: bool) -> None:
    """Show what loading FILE would change.

    FILE can be - for standard input. This changes nothing.
    """
    from application.catalog.entries import BadCatalog  # noqa: PLC0415
    from application.catalog.file import read_catalog_file  # noqa: PLC0415
    from application.catalog.loading import diff_catalog  # noqa: PLC0415

    text = file.read()
    try:
        wanted = read_catalog_file(text)
    except BadCatalog as bad:
        print_faults(session, "The catalogue is refused.", faults(text, bad.errors))
        raise SystemExit(1) from bad
    services = session.services
    found = diff_catalog(services.store, wanted, services.clock(), services.key_secret)
    if as_json:
        session.print_json(found)
    else:
        print_diff(session, found)
    raise SystemExit(1 if found.refused else 0)


@catalog.command()
@json_option("the catalogue")
@database_option
def show(session: Session, *, as_json: bool) -> None:
    """Show the catalogue, and how many tickets are vacant."""
    from application.catalog.promocode_rows import uses_left  # noqa: PLC0415

    services = session.services
    known = services.catalog.current()
    vacant = services.store.vacancies(list(known.shows), services.clock())
    left = uses_left(services.store, known.shows.values(), services.clock())
    if as_json:
        session.print_json(
            {
                "partners": list(known.partners.values()),
                "payment_systems": [
                    _with_gateway(each, known.gateway(each)) for each in _systems(known)
                ],
                "deals": list(known.deals.values()),
                "events": [_with_vacant(each, vacant, left) for each in known.shows.values()],
            }
        )
        return
    partners = listing("partner", "name", "language", "suspended (UTC)", title="Partners")
    for partner in known.partners.values():
        suspended = minute(partner.suspended_at)
        partners.add_row(partner.id, partner.name, partner.language, suspended)
    deals = listing("deal", "org", "vendor", "approves refunds", "ended (UTC)", title="Deals")
    for deal in known.deals.values():
        approves = "yes" if deal.approves_refunds else ""
        deals.add_row(deal.id, deal.org, deal.vendor, approves, minute(deal.ended_at))
    events = [_sets_table(event, vacant) for event in known.shows.values()]
    events += [_promocodes_table(each, left) for each in known.shows.values() if each.promocodes]
    for table in (partners, _systems_table(known), deals, *events):
        session.print_list(table, f"{table.title}: none; orderlog catalog load adds some.")
        session.out.print()


def _systems(known: Any) -> list[Any]:
    """The payment systems, which are known by their aliases, too."""
    return list({each.id: each for each in known.systems.values()}.values())


def _systems_table(known: Any) -> Table:
    columns = ("alias", "id", "hold", "confirmed by", "late money", "notices", "secrets")
    table = listing(*columns, title="Payment systems")
    for system in _systems(known):
        gateway = known.gateway(system)
        hold = f"{system.hold_minutes} min"
        signed = (gateway.late, gateway.scheme, " ".join(gateway.secrets))
        table.add_row(system.alias, system.id, hold, system.confirmed_by, *signed)
    return table


def _with_gateway(system: Any, gateway: Any) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(system)
    document["late"] = gateway.late
    if gateway.scheme:
        document["notifications"] = {"scheme": gateway.scheme, "secrets": gateway.secrets}
    return document


def _sets_table(event: Any, vacant: dict[str, int]) -> Table:
    about = f"{event.title} ({event.id}), {event.currency}, refunds {event.refunds.policy}"
    about += f", held {event.hold_minutes} min"
    table = listing("set", "name", "tickets", "vacant", title=about)
    for each in event.sets:
        table.add_row(each.id, each.name, str(each.amount), str(vacant.get(each.id, 0)))
    return table


def _promocodes_table(event: Any, left: dict[str, int]) -> Table:
    columns = ("promo code", "id", "off", "limit", "left", "per buyer")
    table = listing(*columns, title=f"Promo codes of {event.title} ({event.id})")
    for each in event.promocodes:
        off = str(each.amount) if each.percent is None else f"{each.percent} %"
        limits = (str(each.limit or ""), str(left.get(each.id, "")), str(each.per_buyer or ""))
        table.add_row(each.code, each.id, off, *limits)
    return table


def _with_vacant(show: Any, vacant: dict[str, int], left: dict[str, int]) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(show)
    for each in document["sets"]:
        each["vacant"] = vacant.get(each["id"], 0)
    for each in document.get("promocodes", ()):
        if each["id"] in left:
            each["left"] = left[each["id"]]
    return document
