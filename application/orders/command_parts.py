"""What the parts of a command mean: what has to be loaded for them, and what they name."""

from application.catalog.cache import Catalog
from application.orders.commands import NOTHING, ChangeOrder, ChoosePayment, Request
from application.orders.promocode_uses import uses_of_new, with_uses
from application.ports.snapshot import Snapshot
from application.ports.unit_of_work import ReadSet
from domain.commands import BestAvailable, Payment, TicketsById
from domain.shows import Show


def read_set_of(
    command: ChangeOrder,
    request: Request,
    *,
    order: str | None = None,
    snapshot: Snapshot | None = None,
    new_of: Show | None = None,
) -> ReadSet:
    """What has to be loaded to decide a command: on this order, or on a new one of a show."""
    tickets = command.tickets or NOTHING
    read_set = ReadSet(
        order=order,
        snapshot=snapshot,
        number=new_of is not None,
        seats=tickets.tickets if isinstance(tickets, TicketsById) else (),
        picks=tickets.counts if isinstance(tickets, BestAvailable) else {},
        request=None if request.key is None else request.digest,
    )
    if new_of is not None and command.promocodes:
        return with_uses(read_set, uses_of_new(command, new_of.promocodes))
    return read_set


def sets_of(catalog: Catalog, show_id: str) -> list[str]:
    """The present sets of a show; none if the catalogue does not have it."""
    show = catalog.shows.get(show_id)
    return [] if show is None else [ticket_set.id for ticket_set in show.sets]


def payment_of(command: ChoosePayment, catalog: Catalog) -> Payment:
    """How to pay, with the payment system that the command names."""
    system = None if command.system is None else catalog.system(command.system)
    return Payment(system, command.success_url, command.failure_url, command.send_tickets)
