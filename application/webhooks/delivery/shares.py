"""Which shards a process takes, asks for and leaves, so that all have about the same number."""

import random
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import msgspec

from application.ports.webhooks import ShardState

LEASE_SECONDS = 3.0


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: which `free` shards to take, the one to `ask` for, and which to `leave`.

    `soon`: there may be more to take soon.
    """

    take: Collection[int]
    ask: int | None
    leave: Collection[int]
    soon: bool


def shares_of(
    owner: str, wanted: Collection[int], states: Mapping[int, ShardState], at: datetime
) -> Shares:
    """What a process does, of the shards that have webhooks.

    It takes half of the free ones, so that processes that start at the same time share them. With
    less than its share it asks for one more; with more than its share it leaves those asked for.
    """
    had: dict[str, list[int]] = defaultdict(list)
    free = []
    for number in wanted:
        state = states.get(number)
        if state is None or state.owner is None or is_over(state, at):
            free.append(number)
        else:
            had[state.owner].append(number)
    own = had[owner]
    random.shuffle(free)
    share = len(wanted) // len(had.keys() | {state.asked_by for state in states.values()} - {None})
    most = max(had.values(), key=len)
    asked_already = any(
        states[each].asked_by == owner
        for some in had.values()
        if len(some) > share
        for each in some
    )
    asks = not free and len(own) < share < len(most) and not asked_already
    asked = [each for each in own if states[each].asked_by not in {None, owner}]
    take = free[: (len(free) + 1) // 2]
    return Shares(
        take=take,
        ask=random.choice(most) if asks else None,  # noqa: S311 - any of them
        leave=asked[: max(len(own) - share, 0)],
        soon=len(free) > len(take) or len(own) < share,
    )


def is_over(state: ShardState, at: datetime) -> bool:
    """Whether a lease has ended. An impossibly long one has: it is from a wrong clock."""
    return state.till is None or not at < state.till <= at + timedelta(seconds=2 * LEASE_SECONDS)
