"""The history of a drill: the calls and their answers, which are checked at the end.

Times are nanoseconds of one process's monotonic clock, so that "before" means before.
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

CREATE, PAY, START, FINISH, CANCEL, READ = "create", "pay", "start", "finish", "cancel", "read"
LAPSE, RECORD = "hold ends", "end is recorded"
"""What the service does by itself once an order's hold has ended, without a call."""

TAKE, FREE, HAS, HAS_NOT = "take", "free", "has", "has not"
"""The effects of calls on one ticket."""

EXECUTED, IN_PROGRESS, DONE = "executed", "in_progress", "done"
CANCELED, EXPIRED = "canceled", "expired"
LET_GO = frozenset({CANCELED, EXPIRED})
SLACK_NS = 1_000_000_000
"""How much earlier a hold may end than by this process's clock."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """An order as an answer showed it. `held_till` is in nanoseconds of the monotonic clock."""

    status: str
    version: int
    tickets: tuple[str, ...]
    held_till: int | None = None


GONE = Seen("gone", 0, ())
"""The answer for an unknown order."""


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call about an order.

    `end` is None when no answer came: it may have been carried out at any time after `start`, or
    never. Retries with the same Idempotency-Key are one call, from the first request to the answer.
    `seen` is None when the answer shows no order.
    """

    kind: str
    order: str
    start: int
    end: int | None
    seen: Seen | None = None
    refused: bool = False
    buyer: int = -1


class TicketCall(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The effect of a call on one ticket: `order` takes it, frees it, has it or lacks it."""

    kind: str
    order: str
    start: int
    end: int | None
    buyer: int = -1


def by_order(calls: Iterable[Call]) -> dict[str, list[Call]]:
    """Each order's calls by start, and what the service may have done by itself."""
    found: defaultdict[str, list[Call]] = defaultdict(list)
    last = 0
    for call in calls:
        found[call.order].append(call)
        last = max(last, call.start, call.end or 0)
    for order, history in found.items():
        lapse = earliest_lapse(history)
        if lapse is not None and lapse <= last:
            history.append(Call(LAPSE, order, lapse, None))
            history.append(Call(RECORD, order, lapse, None))
        history.sort(key=lambda call: call.start)
    return dict(found)


def earliest_lapse(history: Iterable[Call]) -> int | None:
    """When an order's hold can have ended at the earliest, if it can."""
    till = [call.seen.held_till for call in history if call.seen and call.seen.held_till]
    return min(till) - SLACK_NS if till else None


def by_ticket(orders: dict[str, list[Call]]) -> dict[str, list[TicketCall]]:
    """Each ticket's calls by start."""
    found: defaultdict[str, list[TicketCall]] = defaultdict(list)
    for order, history in orders.items():
        tickets = {ticket for call in history if call.seen for ticket in call.seen.tickets}
        for call in history:
            kind = _means(call)
            if kind is None:
                continue
            shown = tickets if call.seen is None else call.seen.tickets
            for ticket in shown:
                found[ticket].append(
                    TicketCall(
                        kind=kind, order=order, start=call.start, end=call.end, buyer=call.buyer
                    )
                )
    for uses in found.values():
        uses.sort(key=lambda call: call.start)
    return dict(found)


def _means(call: Call) -> str | None:
    """The effects of a call on the tickets of its order."""
    if call.refused or call.kind == RECORD:
        return None
    if call.kind in {CANCEL, LAPSE}:
        return FREE
    if call.seen is None:
        return None
    if call.kind == CREATE:
        return TAKE
    return HAS_NOT if call.seen.status in LET_GO else HAS
