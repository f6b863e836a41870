"""The reference model of orders and tickets, written independently of `domain/`.

A model gives the states in which an object can be after a call, from the state before it. If there
are none, the call cannot have happened then with this answer.
"""

from collections.abc import Sequence

import msgspec

from interface.load.history import (
    CANCEL,
    CANCELED,
    CREATE,
    DONE,
    EXECUTED,
    EXPIRED,
    FINISH,
    FREE,
    HAS,
    HAS_NOT,
    IN_PROGRESS,
    LAPSE,
    PAY,
    READ,
    RECORD,
    START,
    TAKE,
    Call,
    Seen,
    TicketCall,
)

HELD = frozenset({EXECUTED, IN_PROGRESS})


class OrderState(msgspec.Struct, frozen=True, gc=False):
    """An order between two calls.

    `chosen` is whether a payment system has been chosen; `open_end` is whether its hold has ended
    without that being recorded.
    """

    status: str
    version: int
    tickets: tuple[str, ...]
    chosen: bool = False
    open_end: bool = False


MOVES = {
    (START, EXECUTED): IN_PROGRESS,
    (FINISH, IN_PROGRESS): DONE,
    (CANCEL, EXECUTED): CANCELED,
    (CANCEL, IN_PROGRESS): CANCELED,
}
ASKED_FOR = {START: IN_PROGRESS, FINISH: DONE, CANCEL: CANCELED}


def after_order_call(state: OrderState | None, call: Call) -> Sequence[OrderState | None]:
    """The possible states of an order after a call, from `state` (None: not created yet)."""
    after = _carried_out(state, call)
    if call.refused:
        return (state,) if after is None and state is not None else ()
    if after is None or (call.seen is not None and not _shows(call.seen, after)):
        return ()
    return (after,)


def _carried_out(state: OrderState | None, call: Call) -> OrderState | None:
    """The order after a call that was carried out; None if it has to be refused."""
    if state is None:
        return _made(call)
    if call.kind == READ:
        return state
    if call.kind == PAY:
        return _paid(state)
    if call.kind in {LAPSE, RECORD}:
        return _ended(state, call.kind)
    return _moved(state, call.kind)


def _made(call: Call) -> OrderState | None:
    if call.kind != CREATE or call.seen is None:
        return None
    return OrderState(EXECUTED, 1, call.seen.tickets)


def _ended(state: OrderState, kind: str) -> OrderState | None:
    """The hold ends at its time, and that is recorded later."""
    if kind == RECORD:
        return _later(state, EXPIRED) if state.open_end else None
    return _later(state, EXPIRED, recorded=False) if state.status in HELD else None


def _paid(state: OrderState) -> OrderState | None:
    if state.chosen:
        return state
    if state.status != EXECUTED:
        return None
    return OrderState(state.status, state.version + 1, state.tickets, chosen=True)


def _moved(state: OrderState, kind: str) -> OrderState | None:
    if state.status == ASKED_FOR.get(kind):
        return state
    wanted = MOVES.get((kind, state.status))
    if wanted is None or (kind == START and not (state.chosen and state.tickets)):
        return None
    return _later(state, wanted)


def _later(state: OrderState, status: str, *, recorded: bool = True) -> OrderState:
    version = state.version + recorded
    return OrderState(status, version, state.tickets, state.chosen, open_end=not recorded)


def _shows(seen: Seen, state: OrderState) -> bool:
    return (seen.status, seen.version, seen.tickets) == (state.status, state.version, state.tickets)


def after_ticket_call(owner: str | None, call: TicketCall) -> Sequence[str | None]:
    """The possible owners of a ticket after a call: an order, or None for a vacant one."""
    if call.kind == TAKE:
        return (call.order,) if owner is None else ()
    if call.kind == FREE:
        return (None,) if owner == call.order else (owner,)
    if call.kind == HAS:
        return (owner,) if owner == call.order else ()
    if call.kind == HAS_NOT:
        return (owner,) if owner != call.order else ()
    raise ValueError(call.kind)
