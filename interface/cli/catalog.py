"""`orderlog catalog`: what is for sale, by whom, at what price."""

from typing import Any, BinaryIO

import click
import msgspec
from rich.table import Table

from interface.cli.shared.keys import with_known_keys
from interface.cli.shared.safe_console import safe
from interface.cli.shared.session import Session, database_option, json_option
from interface.cli.shared.tables import listing, minute


@click.group()
def catalog() -> None:
    """The catalogue: load a file, show what is loaded."""


@catalog.command()
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--sample", is_flag=True, help="Load the sample catalogue instead of a file.")
@json_option
@database_option
def load(session: Session, file: BinaryIO | None, *, sample: bool, as_json: bool) -> None:
    """Load a catalogue FILE (- for standard input). Loading it again changes nothing."""
    from application.catalog.entries import BadCatalog  # noqa: PLC0415
    from application.catalog.file import read_catalog_file  # noqa: PLC0415
    from application.catalog.loading import TicketsInUse, load_catalog, load_sample  # noqa: PLC0415

    if (file is None) is not sample:
        raise click.UsageError("Name a FILE, or --sample.")
    session.makes_database = True
    services = with_known_keys(session)
    store, secret = services.store, services.key_secret
    try:
        if file is None:
            report = load_sample(store, services.clock(), secret)
        else:
            report = load_catalog(store, read_catalog_file(file.read()), services.clock(), secret)
    except (BadCatalog, TicketsInUse) as refused:
        session.err.print("The catalogue was refused; nothing was changed.", style="red")
        for path, what in refused.errors.items():
            click.echo(safe(f"  {path}: {what}" if path else f"  {what}"), err=True)
        raise SystemExit(1) from refused
    if as_json:
        session.print_json(report)
        return
    click.echo(
        f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged; "
        f"{report.keys_added} keys added; tickets: {report.tickets_added} added, "
        f"{report.tickets_changed} changed, {report.tickets_removed} removed."
    )


@catalog.command()
@json_option
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
        session.out.print(table, "")


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
