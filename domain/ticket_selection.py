"""Which tickets an order ends up with, of those that are asked for."""

from collections.abc import Collection, Iterable, Mapping

from domain.commands import BestAvailable, TicketsById, TicketSelection
from domain.pricing import Price
from domain.refusals import NotOnSale, UnknownSet


def chosen_of(
    command: TicketSelection, held: Mapping[str, str], vacant: Mapping[str, str]
) -> dict[str, str]:
    """The tickets, with their sets, that an order ends up with.

    Of the held ones it keeps what is asked for; the vacant ones give what is missing.
    """
    if isinstance(command, TicketsById):
        within = {**vacant, **held}
        return {ticket: within[ticket] for ticket in command.tickets if ticket in within}
    chosen = {}
    for wanted_set, count in command.counts.items():
        mine = [ticket for ticket, its_set in held.items() if its_set == wanted_set]
        free = [
            ticket
            for ticket, its_set in vacant.items()
            if its_set == wanted_set and ticket not in held
        ]
        chosen.update(dict.fromkeys((mine + free)[:count], wanted_set))
    return chosen


def is_complete(command: TicketSelection, chosen: Mapping[str, str]) -> bool:
    """Whether nothing that is asked for is missing."""
    return len(chosen) == asked_for(command)


def asked_for(command: TicketSelection) -> int:
    """How many tickets are asked for."""
    if isinstance(command, TicketsById):
        return len(command.tickets)
    return sum(command.counts.values())


def sets_of(command: TicketSelection, known: Mapping[str, str]) -> list[str]:
    """The sets that are asked for; `known` maps a ticket to its set."""
    if isinstance(command, BestAvailable):
        return list(command.counts)
    return [known[ticket] for ticket in command.tickets if ticket in known]


def refuse_unpriced(
    show: str, sets: Collection[str], prices: Mapping[str, Price], wanted: Iterable[str]
) -> None:
    """Refuse a set that the show does not have, or that has no price."""
    for wanted_set in wanted:
        if wanted_set in prices:
            continue
        if wanted_set not in sets:
            raise UnknownSet(event=show, set=wanted_set)
        raise NotOnSale(set=wanted_set)
