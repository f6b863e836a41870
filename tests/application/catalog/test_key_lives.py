"""How a key ends: expired, rotated, revoked; what it may do; and when it was last used."""

from datetime import timedelta

import pytest
from mixed_orders import CLUB, NOON, load_shows

from application.catalog.keys import KeyEnded, create_key, list_keys, revoke_key, rotate_key
from application.catalog.scopes import AUDIT, OF_A_SELLER, ORDERS_READ


@pytest.fixture
def services(services):
    load_shows(services.store, 2)
    return services


def caller(services, key):
    services.catalog._look_again = 0.0
    return services.access.caller(key)


def test_a_key_ends_when_it_was_said_to(services, clock):
    end = clock() + timedelta(days=1)
    made = create_key(services.store, CLUB, clock(), expires_at=end)
    assert caller(services, made.text).partner == CLUB
    clock.forward(hours=23, minutes=59)
    assert caller(services, made.text) is not None
    clock.forward(minutes=1)
    assert caller(services, made.text) is None
    with pytest.raises(KeyEnded):
        rotate_key(services.store, made.key.id, clock(), timedelta(hours=1))


def test_both_keys_work_while_one_replaces_the_other(services, clock):
    old = create_key(services.store, CLUB, clock(), (ORDERS_READ,))
    new, ending = rotate_key(services.store, old.key.id, clock(), timedelta(hours=24))
    assert (new.key.replaces, new.key.scopes) == (old.key.id, (ORDERS_READ,))
    assert ending.expires_at == clock() + timedelta(hours=24)
    assert caller(services, old.text).key == old.key.id
    assert caller(services, new.text).key == new.key.id
    clock.forward(hours=24)
    assert caller(services, old.text) is None
    assert caller(services, new.text).key == new.key.id


def test_a_rotation_never_makes_a_key_live_longer(services, clock):
    end = clock() + timedelta(hours=1)
    old = create_key(services.store, CLUB, clock(), expires_at=end)
    _, ending = rotate_key(services.store, old.key.id, clock(), timedelta(hours=24))
    assert ending.expires_at == end


def test_a_key_has_what_it_was_given_and_nothing_else(services, clock):
    auditor = caller(services, create_key(services.store, CLUB, clock(), (AUDIT,)).text)
    assert auditor.may(AUDIT)
    assert not any(map(auditor.may, OF_A_SELLER))
    seller = caller(services, create_key(services.store, CLUB, clock()).text)
    assert all(map(seller.may, OF_A_SELLER))
    assert not seller.may(AUDIT)


def test_it_is_known_when_a_key_was_last_used(services, clock):
    made = create_key(services.store, CLUB, NOON)
    assert made.key.id not in services.key_usage.last()
    caller(services, made.text)
    services.key_usage.write()
    first = clock()
    assert services.key_usage.last()[made.key.id] == first
    clock.forward(minutes=5)
    services.store.key_usage().note([made.key.id], clock())
    services.store.key_usage().note([made.key.id], first)
    assert services.key_usage.last()[made.key.id] == clock()
    revoke_key(services.store, made.key.id, clock())
    services.key_usage._due.clear()
    assert caller(services, made.text) is None
    assert not services.key_usage._used
    assert made.key.id in {each.id for each in list_keys(services.store)}
