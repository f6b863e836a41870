"""PostgreSQL's sessions mean what we mean, whatever role, database, environment or address set."""

from contextlib import closing, contextmanager, suppress

import psycopg
import pytest
from postgres_server import address
from seller import SHOW, BoxOffice
from store_writes import one, sell, take

from application.bootstrap import BadDatabase, open_copyable, open_store
from application.orders.queries import OrderFilter
from application.read_models.orders import searched_name
from application.storage.postgres import sessions
from application.storage.postgres.pipeline import Call, Statement
from application.storage.postgres.read_model_statements import MOVED_NOW
from application.storage.postgres.sessions import connect
from application.storage.postgres.store import PostgresStore

HOSTILE = {
    "standard_conforming_strings": "off",
    "client_encoding": "WIN1251",
    "datestyle": "German, YMD",
    "intervalstyle": "sql_standard",
    "timezone": "Asia/Vladivostok",
    "bytea_output": "escape",
    "extra_float_digits": "-5",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "xmloption": "document",
    "row_security": "on",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "search_path": "pg_catalog",
}
ENVIRONMENT = {
    "PGCLIENTENCODING": "WIN1251",
    "PGDATESTYLE": "German",
    "PGTZ": "Asia/Vladivostok",
    "PGOPTIONS": "-c standard_conforming_strings=off -c search_path=pg_catalog",
}
PLAIN = "-c search_path=public -c bytea_output=hex -c client_encoding=UTF8"
FIRST, LAST = "Ёлка \\ 'o' 𝄞", "Núñez"
WANTED = sessions.MEANING | sessions.PLACE
SETTINGS = b"SELECT name, setting FROM pg_settings WHERE lower(name) = ANY($1::text[])"


def change_database(url, settings):
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, autocommit=True) as connection:
        for setting, value in settings.items():
            quoted = value if setting in {"search_path", "datestyle"} else f"'{value}'"
            connection.execute(f"ALTER DATABASE {name} SET {setting} = {quoted}")


def hostile_by(how, url, monkeypatch):
    """The address, made hostile in one of the ways there are."""
    if how == "database":
        change_database(url, HOSTILE)
    if how == "environment":
        for name, value in ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
    if how == "address":
        own = {name: value for name, value in HOSTILE.items() if name != "search_path"}
        words = [f"-c%20{n}%3D{v.replace(' ', chr(92) * 2 + '%20')}" for n, v in own.items()]
        return url + "&options=" + "%20".join(words).replace("\\\\", "%5C")
    return url


def settings_of(store):
    """What a session that reads, and one that writes, have set."""
    names = list(WANTED)
    read = store._readers.run(
        lambda session: session.execute(SETTINGS.replace(b"$1", b"%s"), (names,)).fetchall()
    )
    with store._writers.connection() as session:
        found = session.round_trip([Call(Statement(b"settings", _listed(names)))])[0]
    return dict(read), {name.decode(): value.decode() for name, value in found}


def _listed(names):
    return SETTINGS.replace(b"$1", b"'{" + ",".join(names).encode() + b"}'")


@pytest.mark.parametrize("how", ["database", "environment", "address"])
def test_nobody_else_sets_what_values_mean(database, monkeypatch, how):
    with closing(PostgresStore(hostile_by(how, database, monkeypatch))) as store:
        for found in settings_of(store):
            assert {name.lower(): value for name, value in found.items()} == WANTED


@pytest.mark.parametrize("how", ["database", "environment", "address"])
def test_texts_come_back_as_they_were_written(database, monkeypatch, how):
    url = hostile_by(how, database, monkeypatch)
    with BoxOffice(url) as shop:
        order = shop.order(2)
        shop.name_buyer(order, first_name=FIRST, last_name=LAST)
        shop.catch_up()
        [found] = shop.services.search.find(shop.caller(), LAST, OrderFilter()).orders
        seats = [ticket.seat for ticket in shop.services.store.tickets(SHOW)]
    monkeypatch.undo()
    with psycopg.connect(database, options=PLAIN) as plain:
        stored = plain.execute("SELECT seat FROM tickets WHERE show_id = %s", (SHOW,)).fetchall()
        rows = plain.execute("SELECT buyer FROM orders_1 WHERE buyer <> ''").fetchall()
    assert found["customer"]["first_name"] == FIRST
    assert rows == [(searched_name(LAST, FIRST),)]
    assert sorted(seats) == sorted(row[0] for row in stored)
    assert all(seat.startswith(b"{") for seat in seats)


@contextmanager
def another_database(server, how):
    server.administrate(f"CREATE DATABASE other {how} TEMPLATE template0 LOCALE 'C'")
    try:
        yield address(server.url, dbname="other")
    finally:
        server.administrate("DROP DATABASE other WITH (FORCE)")


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "WIN1251", "LATIN1"])
def test_a_database_of_another_encoding_is_refused_before_anything_is_stored(server, encoding):
    with another_database(server, f"ENCODING '{encoding}'") as url:
        for opens in (open_store, lambda url: open_copyable(url, make=True)):
            with pytest.raises(BadDatabase, match=f"encoding is {encoding}.*UTF8") as refused:
                opens(url)
            assert "\n" not in str(refused.value)
        with psycopg.connect(url) as plain:
            assert plain.execute("SELECT to_regclass('counters')").fetchone() == (None,)


def schema_of(url, name="orders_events"):
    with psycopg.connect(url) as plain:
        found = plain.execute("SELECT schemaname FROM pg_tables WHERE tablename = %s", (name,))
        return [row[0] for row in found]


def test_an_address_may_name_a_schema_and_a_database_that_has_one_says_so(database):
    with psycopg.connect(database, autocommit=True) as plain:
        plain.execute("CREATE SCHEMA shop")
    change_database(database, {"search_path": "shop"})
    named = database + "&options=-c%20search_path%3Dshop"
    with closing(PostgresStore(named)) as store:
        sell(store, 2, ticket_set="a")
        one(store, take(store, "order-a", a=1))
    with pytest.raises(BadDatabase, match=r"schema shop, .*search_path%3Dshop"):
        open_store(database)
    assert schema_of(database) == ["shop"]


def test_a_single_connection_is_set_as_those_of_the_pools(database, monkeypatch):
    hostile_by("database", database, monkeypatch)
    with connect(database) as session:
        found = dict(session.execute(SETTINGS.replace(b"$1", b"%s"), (list(WANTED),)).fetchall())
    assert {name.lower(): value for name, value in found.items()} == WANTED
    with suppress(psycopg.Error), psycopg.connect(database) as plain:
        assert plain.execute("SHOW standard_conforming_strings").fetchone() == ("off",)


def test_only_the_commit_of_a_projector_does_not_wait_for_the_disk(database):
    with psycopg.connect(database, autocommit=True) as connection:
        with connection.transaction():
            connection.execute(f"WITH moved AS (SELECT 1) {MOVED_NOW}".encode())
            inside = connection.execute("SHOW synchronous_commit").fetchone()
        after = connection.execute("SHOW synchronous_commit").fetchone()
    assert (inside, after) == (("off",), ("on",))
