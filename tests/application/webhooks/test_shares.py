"""How processes come to share the shards: nobody has more than one beyond its share."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from application.ports.log_point import LogPoint
from application.ports.webhooks import ShardState
from application.webhooks.delivery.shares import LEASE_SECONDS, shares_of

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=LEASE_SECONDS)
SHARDS = range(16)


@pytest.fixture(autouse=True)
def quick():
    """Leases are as long as in service: nothing waits here."""


def shards():
    return {each: ShardState(LogPoint("a", 0, b"")) for each in SHARDS}


def look(states, owner):
    """What a process does in one look."""
    shares = shares_of(owner, SHARDS, states, NOW)
    for each in shares.leave:
        states[each] = msgspec.structs.replace(states[each], owner=None, asked_by=None)
    for each in shares.take:
        states[each] = ShardState(states[each].point, owner, LATER)
    if shares.ask is not None:
        states[shares.ask] = msgspec.structs.replace(states[shares.ask], asked_by=owner)


def had(states):
    return Counter(each.owner for each in states.values())


@pytest.mark.parametrize("servers", [2, 3, 5, 16])
@pytest.mark.parametrize("seed", range(5))
def test_those_that_come_later_get_their_share(servers, seed, monkeypatch):
    chance = random.Random(seed)
    monkeypatch.setattr(random, "choice", chance.choice)
    monkeypatch.setattr(random, "shuffle", chance.shuffle)
    states, names = shards(), [f"server {number}" for number in range(servers)]
    for _ in range(6):
        look(states, names[0])
    assert had(states) == {names[0]: 16}
    for _ in range(100):
        for name in chance.sample(names, servers):
            look(states, name)
    assert set(had(states)) == set(names)
    assert min(had(states).values()) >= 16 // servers
    before = {each: state.owner for each, state in states.items()}
    for name in names * 3:
        look(states, name)
    assert {each: state.owner for each, state in states.items()} == before


def test_those_that_begin_together_share_what_nobody_has():
    states = shards()
    for _ in range(10):
        look(states, "one")
        look(states, "two")
    assert set(had(states)) == {"one", "two"}


def test_a_lease_that_has_ended_is_anybodys_and_one_of_a_wrong_clock_too():
    point = LogPoint("a", 0, b"")
    over = {0: ShardState(point, "dead", NOW), 1: ShardState(point, "dead", NOW + LEASE * 9)}
    assert shares_of("me", [0, 1], over, NOW).soon
    assert len(shares_of("me", [0, 1], over, NOW).take) == 1
    held = {0: ShardState(point, "alive", LATER)}
    assert not shares_of("me", [0], held, NOW).take


LEASE = LATER - NOW
