import threading
from contextlib import closing, suppress
from tempfile import TemporaryDirectory

import psycopg
import pytest
from polling import until
from postgres_server import address
from postgres_wire import Wire
from psycopg.conninfo import conninfo_to_dict
from store_writes import DIGEST, append, event, idempotency_record, one, owners, sell, take

from application.ports.store import StoreUnavailable
from application.ports.unit_of_work import ReadSet, TicketChange, UnitOfWork
from application.storage.postgres import connections as postgres_connections
from application.storage.postgres.sessions import BadAddress
from application.storage.postgres.store import PostgresStore

OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
STORING = b"append\0"
FINDING = b"lock\0"
ENOUGH = 50


@pytest.fixture
def wire(database):
    # Not the test's own folder: the path of a socket has at most 107 characters.
    with TemporaryDirectory(prefix="wire-") as folder, closing(Wire(folder, database)) as it:
        yield it


@pytest.fixture
def store(wire):
    with closing(PostgresStore(wire.url)) as store:
        sell(store, 4)
        one(store, take(store, "warm", seats=["parterre-1"]))
        yield store


def test_connections_that_end_while_a_write_decides_do_no_harm(store, database):
    decided = []

    def decide(within, found):
        decided.append(found)
        if len(decided) == 1:
            with psycopg.connect(database, autocommit=True) as connection:
                connection.execute(OTHERS)
        change = TicketChange(order="a", taken=list(found.picks))
        store.recorder.insert_events([event("a")], within=within, change=change)

    one(store, UnitOfWork(ReadSet(picks={"parterre": 2}), decide))
    assert len(decided) == 2
    assert len(store.events("a")) == 1
    assert list(owners(store).values()).count("a") == 2


def test_a_commit_whose_answer_is_lost_is_looked_up_and_not_repeated(store, wire):
    decided = []

    def decide(within, found):
        decided.append(found)
        store.recorder.insert_events([event("a", 1), event("a", 2)], within=within)
        return "done"

    wire.cut_answer(STORING)
    outcome = store.write_all([UnitOfWork(ReadSet(), decide)])[0]
    assert outcome.result == "done"
    assert len(decided) == 1
    assert [each.originator_version for each in store.events("a")] == [1, 2]
    assert outcome.position == store.events("a")[-1].id


def test_an_answered_request_whose_commit_is_lost_is_looked_up_too(store, wire):
    def decide(within, found):
        if found.idempotency_record is not None:
            return "again"
        store.recorder.insert_events([], within=within, idempotency_record=idempotency_record("a"))
        return "first"

    wire.cut_answer(b"remember\0")
    write = UnitOfWork(ReadSet(request=DIGEST), decide)
    assert [one(store, write), one(store, write)] == ["first", "again"]


@pytest.mark.parametrize("word", [STORING, FINDING])
def test_a_request_that_never_reached_the_server_is_sent_again(store, wire, word):
    wire.cut_request(word)
    one(store, take(store, "a", parterre=2))
    assert len(store.events("a")) == 1
    assert list(owners(store).values()).count("a") == 2


def test_reads_go_on_over_a_new_connection(store, database):
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(OTHERS)
    assert len(store.events("warm")) == 1
    assert len(store.log(0, 10)) == 1


def test_nothing_acknowledged_is_lost_when_the_server_crashes(server, database):
    if not server.own:
        pytest.skip("the server is not ours to restart")
    acknowledged = []
    stopping = threading.Event()
    with closing(PostgresStore(database)) as store:

        def sell_on(seller):
            number = 0
            while not stopping.is_set():
                number += 1
                order = f"{seller}-{number}"
                with suppress(StoreUnavailable):
                    one(store, append(store, order))
                    acknowledged.append(order)

        sellers = [threading.Thread(target=sell_on, args=(each,)) for each in range(4)]
        for thread in sellers:
            thread.start()
        try:
            until(lambda: len(acknowledged) > ENOUGH, "nothing is sold")
            server.restart()
            before = len(acknowledged)
            until(lambda: len(acknowledged) > before + ENOUGH, "the sale does not go on")
        finally:
            stopping.set()
            for thread in sellers:
                thread.join()
        stored = [each.originator_id for each in store.log(0, 1_000_000)]
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)


def test_a_server_that_goes_away_is_waited_for_a_little(store, wire, monkeypatch):
    monkeypatch.setattr(postgres_connections, "BACKOFF_SECONDS", 0.2)
    monkeypatch.setattr(store._readers._pool, "timeout", 0.3)
    monkeypatch.setattr(store._writers, "timeout", 0.3)
    wire.close()
    for ask in (lambda: one(store, append(store, "a")), lambda: store.events("a")):
        with pytest.raises(StoreUnavailable):
            ask()


def test_of_several_hosts_the_one_that_lives_is_used(database):
    given = conninfo_to_dict(database)
    hosts = {"host": f"/nowhere,{given['host']}", "target_session_attrs": "read-write"}
    if "port" in given:
        hosts["port"] = f"{given['port']},{given['port']}"
    with closing(PostgresStore(address(database, **hosts))) as store:
        one(store, append(store, "a"))
        assert len(store.events("a")) == 1


def test_a_server_that_is_not_there_is_named_as_such():
    with pytest.raises(StoreUnavailable):
        PostgresStore("postgresql:///nothing?host=/nowhere")


def test_an_address_that_cannot_be_read_is_refused():
    with pytest.raises(BadAddress):
        PostgresStore("postgresql:///name?unknown=setting")
