"""What the parts of a command mean: what has to be loaded for them, and what they name."""

from application.catalog.cache import Catalog
from application.orders.commands import ChangeOrder, ChoosePayment, Request
from application.ports.snapshot import Snapshot
from application.ports.unit_of_work import ReadSet
from domain.commands import BestAvailable, Payment, TicketsById

NOTHING = TicketsById(())


def read_set_of(
    command: ChangeOrder,
    request: Request,
    *,
    order: str | None = None,
    snapshot: Snapshot | None = None,
    number: bool = False,
) -> ReadSet:
    """What has to be loaded to decide a command: on this order, or with a number on a new one."""
    tickets = command.tickets or NOTHING
    return ReadSet(
        order=order,
        snapshot=snapshot,
        number=number,
        seats=tickets.tickets if isinstance(tickets, TicketsById) else (),
        picks=tickets.counts if isinstance(tickets, BestAvailable) else {},
        request=None if request.key is None else request.digest,
    )


def sets_of(catalog: Catalog, show_id: str) -> list[str]:
    """The present sets of a show; none if the catalogue does not have it."""
    show = catalog.shows.get(show_id)
    return [] if show is None else [ticket_set.id for ticket_set in show.sets]


def payment_of(command: ChoosePayment, catalog: Catalog) -> Payment:
    """How to pay, with the payment system that the command names."""
    system = None if command.system is None else catalog.system(command.system)
    return Payment(system, command.success_url, command.failure_url, command.send_tickets)
