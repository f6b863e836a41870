"""Checks whether a history is linearizable (Wing and Gong, 1993).

A history is linearizable if each call can be given one moment between its start and its end so
that, in the order of these moments, the model allows every answer. A history of many objects is
linearizable if each object's is (Herlihy and Wing, 1990), which keeps each search small. A set of
completed calls with a state is tried only once (Lowe, 2017). A call without an end may be given a
moment or none.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from interface.load.history import Call, by_order, by_ticket
from interface.load.order_model import after_order_call, after_ticket_call

STEPS = 200_000
"""The most states that the search for one object may visit."""

SHOWN_CALLS = 40
MILLION = 1_000_000


class Timed(Protocol):
    """The times of a call."""

    @property
    def kind(self) -> str:
        """Its name."""

    @property
    def order(self) -> str:
        """The order that it is about."""

    @property
    def start(self) -> int:
        """When it was sent."""

    @property
    def end(self) -> int | None:
        """When its answer came, if it did."""

    @property
    def buyer(self) -> int:
        """Who called."""


C = TypeVar("C", bound=Timed)
Model = Callable[[Hashable, C], Sequence[Hashable]]
Report = Callable[[float], None]
"""Called at intervals with the share that is checked, from 0 to 1."""


class GivenUp(Exception):
    """A search would take too long: nothing is proven about the object."""


class Stuck(msgspec.Struct, frozen=True):
    """The longest possible order of calls that was found, and the state after them."""

    done: list[int]
    state: Hashable


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a check. `bad` and `given_up` describe objects with their calls."""

    calls: int
    unknown: int
    orders: int
    tickets: int
    bad: list[str]
    given_up: list[str]

    @property
    def linearizable(self) -> bool:
        """Whether every object's history is proven to be linearizable."""
        return not self.bad and not self.given_up


def search(history: Sequence[C], model: Model[C], steps: int = STEPS) -> Stuck | None:
    """None for a linearizable history (sorted by start), otherwise how far an order goes.

    Raises `GivenUp` after so many `steps`.
    """
    must = sum(1 << place for place, call in enumerate(history) if call.end is not None)
    seen: set[tuple[int, Hashable]] = {(0, None)}
    path: list[int] = []
    best = Stuck([], None)
    open_ones = [_next(history, model, 0, None)]
    while open_ones:
        found = next(open_ones[-1], None)
        if found is None:
            open_ones.pop()
            if path:
                path.pop()
            continue
        place, done, state = found
        if (done, state) in seen:
            continue
        if len(seen) > steps:
            raise GivenUp
        seen.add((done, state))
        path.append(place)
        if not must & ~done:
            return None
        if len(path) > len(best.done):
            best = Stuck(list(path), state)
        open_ones.append(_next(history, model, done, state))
    return best if must else None


def _next(
    history: Sequence[C], model: Model[C], done: int, state: Hashable
) -> Iterator[tuple[int, int, Hashable]]:
    """The calls that can come next, each with the completed calls and the state after it."""
    for place in _first_ones(history, done):
        for after in model(state, history[place]):
            yield place, done | 1 << place, after


def _first_ones(history: Sequence[C], done: int) -> list[int]:
    """The calls not done before whose start no other such call has ended, by their ends."""
    earliest: int | None = None
    found = []
    place = (~done & (done + 1)).bit_length() - 1
    for at in range(place, len(history)):
        if done >> at & 1:
            continue
        call = history[at]
        if earliest is not None and call.start > earliest:
            break
        found.append(at)
        if call.end is not None and (earliest is None or call.end < earliest):
            earliest = call.end
    possible = [at for at in found if earliest is None or history[at].start <= earliest]
    return sorted(possible, key=lambda at: (history[at].end is None, history[at].end or 0))


def check(calls: Sequence[Call], report: Report, steps: int = STEPS) -> Checked:
    """Check the histories of all orders and tickets of the calls."""
    orders = by_order(calls)
    tickets = by_ticket(orders)
    bad: list[str] = []
    given_up: list[str] = []
    total, count = len(orders) + len(tickets), 0
    for name, objects, model in (
        ("order", orders, after_order_call),
        ("ticket", tickets, after_ticket_call),
    ):
        for each, history in objects.items():
            _check_one(f"{name} {each}", history, model, steps, bad, given_up)  # type: ignore[arg-type] # each model has its own calls
            count += 1
            if count % 1000 == 0:
                report(count / total)
    return Checked(
        calls=len(calls),
        unknown=sum(1 for call in calls if call.end is None),
        orders=len(orders),
        tickets=len(tickets),
        bad=bad,
        given_up=given_up,
    )


def _check_one(
    name: str,
    history: Sequence[C],
    model: Model[C],
    steps: int,
    bad: list[str],
    given_up: list[str],
) -> None:
    try:
        stuck = search(history, model, steps)
    except GivenUp:
        given_up.append(f"{name}: given up after {steps:,} steps over {len(history)} calls")
    else:
        if stuck is not None:
            bad.append(described(name, history, stuck))


def described(name: str, history: Sequence[Timed], stuck: Stuck) -> str:
    """Describe an impossible history line by line: times in milliseconds, and where it breaks."""
    begun = history[0].start
    places: Mapping[int, int] = {place: dice for dice, place in enumerate(stuck.done, 1)}
    lines = [f"{name} is not linearizable: after {len(stuck.done)} calls it is {stuck.state}"]
    for place, call in enumerate(history[:SHOWN_CALLS]):
        end = "no answer" if call.end is None else f"{(call.end - begun) / MILLION:.3f}"
        dice = f"{places[place]:>3}." if place in places else "  ? "
        seen = getattr(call, "seen", None)
        shows = (
            "" if seen is None else f" {seen.status} v{seen.version} {len(seen.tickets)} tickets"
        )
        refused = " refused" if getattr(call, "refused", False) else ""
        lines.append(
            f"  {dice} {(call.start - begun) / MILLION:.3f} to {end} ms: {call.kind} by"
            f" {call.buyer} of {call.order}{shows}{refused}"
        )
    if len(history) > SHOWN_CALLS:
        lines.append(f"  … and {len(history) - SHOWN_CALLS} calls more")
    return "\n".join(lines)
