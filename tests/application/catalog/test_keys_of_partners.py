"""A key opens the service until it is revoked; the database cannot give it away."""

from pathlib import Path

import psycopg
import pytest
from clock import NOON
from mixed_orders import CLUB, CLUBS_KEY, THEATRE, THEATRES_KEY, load_shows, make_mixed_orders
from seller import on_one_store

from application.catalog.entries import UnknownPartner
from application.catalog.keys import UnknownKey, create_key, list_keys, revoke_key


@pytest.fixture
def services(services):
    load_shows(services.store, 20)
    return services


def caller(services, key):
    services.catalog._look_again = 0.0
    return services.access.caller(key)


def everything_kept(address):
    """All bytes that a thief of the database would get."""
    if address.startswith("sqlite:///"):
        folder = Path(address.removeprefix("sqlite:///")).parent
        return b"".join(file.read_bytes() for file in folder.iterdir())
    with psycopg.connect(address) as connection:
        tables = connection.execute(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        return b"".join(
            bytes(row[0])
            for (table,) in tables
            for row in connection.execute(f"SELECT convert_to(t::text, 'UTF8') FROM {table} t")
        )


def test_no_key_is_anywhere_in_the_database(services, address):
    made = create_key(services.store, THEATRE, NOON).text
    revoked = create_key(services.store, CLUB, NOON).text
    revoke_key(services.store, caller(services, revoked).key, NOON)
    make_mixed_orders(services, 5)
    kept = everything_kept(address)
    for key in list_keys(services.store):
        assert key.id.encode() in kept or key.id.encode().hex().encode() in kept
    for secret in (made, revoked, THEATRES_KEY):
        for written in (secret.encode(), secret.encode().hex().encode(), secret[:8].encode()):
            assert written not in kept


def test_a_key_tells_whose_it_is(services):
    made = create_key(services.store, CLUB, NOON).text
    assert caller(services, made).partner == CLUB
    assert caller(services, made).language == "en"
    assert caller(services, THEATRES_KEY).partner == THEATRE
    assert caller(services, made.swapcase()) is None
    assert caller(services, "") is None


@on_one_store
def test_no_two_keys_are_the_same(services):
    made = {create_key(services.store, CLUB, NOON).text for _ in range(20)}
    assert len(made) == 20
    assert len({caller(services, each).key for each in made}) == 20


def test_a_revoked_key_stays_revoked_whatever_is_loaded(services, clock):
    first = caller(services, THEATRES_KEY)
    assert revoke_key(services.store, first.key, clock()).revoked_at == clock()
    assert caller(services, THEATRES_KEY) is None
    load_shows(services.store, 20)
    load_shows(services.store, 30)
    assert caller(services, THEATRES_KEY) is None
    clock.forward(minutes=1)
    assert revoke_key(services.store, first.key, clock()).revoked_at == NOON


def test_a_known_key_stays_with_its_partner(services):
    """A file cannot hand a partner's key to another one, who would read the other's orders."""
    load_shows(services.store, 20, theatres_keys=(), clubs_keys=(THEATRES_KEY,))
    assert caller(services, THEATRES_KEY).partner == THEATRE
    assert caller(services, CLUBS_KEY).partner == CLUB


@on_one_store
def test_a_key_needs_a_partner_and_an_end_needs_a_key(services):
    with pytest.raises(UnknownPartner):
        create_key(services.store, "56810047f06c5a6ac62f4eff", NOON)
    with pytest.raises(UnknownKey):
        revoke_key(services.store, "00000000", NOON)
    assert len(list_keys(services.store)) == 3


def test_a_key_of_another_process_opens_within_a_second(services, open_services):
    other = open_services()
    assert caller(other, THEATRES_KEY) is not None
    made = create_key(services.store, CLUB, NOON).text
    other.catalog._look_again -= 1.0
    assert other.access.caller(made).partner == CLUB
    revoke_key(services.store, other.access.caller(made).key, NOON)
    other.catalog._look_again -= 1.0
    assert other.access.caller(made) is None
