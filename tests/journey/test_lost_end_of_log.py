"""Servers whose log loses its end: told at once, lists made true, and gone on by a command."""

import json
import threading
from contextlib import closing

import psycopg
import pytest
from log_backups import back_up, flip_a_bit, put_back
from polling import until
from postgres_server import address, postgres_server
from server import EMPTY_ORDER, ORDERS, orderlog, serving

from application.bootstrap import open_store

pytestmark = pytest.mark.experiment

LISTED = f"{ORDERS}?page_size=100"


def sell(service, count):
    """Make orders; return their ids once the lists have them."""
    ids, shown = make(service, count)
    assert ids <= shown
    return ids


def make(service, count):
    """Make orders; return their ids, and what the list shows once it has got to the last one."""
    made = [service.call("POST", ORDERS, EMPTY_ORDER) for _ in range(count)]
    assert {each.status for each in made} == {201}
    position = made[-1].headers["x-log-position"]
    shown = until(lambda: listed(service, position), "the lists do not show it")
    return {each.body["id"] for each in made}, shown


def listed(service, position):
    answer = service.call("GET", LISTED, X_Wait_For_Position=position)
    assert answer.status in {200, 503}
    return {each["id"] for each in answer.body} if answer.status == 200 else None


def readiness(service):
    return service.call("GET", "/health/ready")


def went_back(service):
    """The metric."""
    text = service.call("GET", "/metrics").content.decode()
    [line] = [each for each in text.splitlines() if each.startswith("orderlog_log_went_back ")]
    return float(line.split()[1])


def is_named(service):
    """It is not ready, the metric says why, and so does the log."""
    answer = readiness(service)
    assert answer.status == 503
    assert "went back" in answer.body["checks"]["log"]
    assert went_back(service) == 1
    assert service.log("log_went_back")


def is_acknowledged(service, says):
    done = orderlog(
        "audit", "acknowledge", "--reason", "a test", "--by", "ann", "--database", service.database
    )
    assert (done.returncode, says in done.stdout) == (0, True), done.stderr
    until(lambda: readiness(service).status == 200, "it does not get ready")
    assert went_back(service) == 0
    again = orderlog("audit", "acknowledge", "--reason", "a test", "--database", service.database)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)


def is_whole(service):
    """Every read model is what a rebuild makes; verification names what was acknowledged."""
    for name in ("orders", "sales", "holds", "refunds"):
        checked = orderlog("projection", "rebuild", name, "--check", "--database", service.database)
        assert checked.returncode == 0, checked.stdout
    report = json.loads(
        orderlog("audit", "verify", "--json", "--database", service.database).stdout
    )
    assert report["findings"] == []
    assert all("a test" in each["says"] for each in report["acknowledged"])
    assert report["acknowledged"]


def test_an_older_backup_is_put_back(sqlite, log, tmp_path):
    with serving(sqlite, log) as service:
        first = sell(service, 5)
        back_up(sqlite, tmp_path / "backup")
        lost = sell(service, 20)
        service.stop()
    put_back(sqlite, tmp_path / "backup")
    with serving(sqlite, log) as service:
        is_named(service)
        new = sell(service, 8)
        shown = listed(service, "1")
        assert shown == first | new
        assert not shown & lost
        is_named(service)
        is_acknowledged(service, "goes on from position")
        sell(service, 1)
        is_whole(service)


def test_a_bit_of_the_write_ahead_log_is_flipped_after_a_kill(sqlite, log):
    with serving(sqlite, log) as service:
        sold = sell(service, 30)
        service.kill()
    flip_a_bit(sqlite)
    with closing(open_store(sqlite)) as store:
        left = {each.originator_id for each in store.log(0, 1000)}
    assert left < sold
    with serving(sqlite, log) as service:
        is_named(service)
        assert listed(service, "0") == left
        new = sell(service, 3)
        assert listed(service, "0") == left | new
        is_acknowledged(service, "Acknowledged")


@pytest.fixture
def primary():
    with postgres_server() as server:
        if not server.own:
            pytest.skip("the PostgreSQL server is not ours to stop")
        yield server


@pytest.fixture
def losing(primary, tmp_path):
    """A service whose standby is about to take over without the last orders."""
    with primary.standby(synchronous=False) as standby:
        primary.administrate("CREATE DATABASE sale")
        hosts = f"{primary.data},{standby}"
        url = address(primary.url, dbname="sale", host=hosts, target_session_attrs="read-write")
        with serving(url, tmp_path / "server.log") as service:
            yield service, standby


def fail_over(primary, standby, meanwhile):
    """Let the standby get all there is, and then nothing of what happens `meanwhile`."""
    until(lambda: has_all(primary), "the standby does not get on")
    primary.control_standby(standby, "-m", "fast", "stop")
    found = meanwhile()
    primary.stop()
    primary.control_standby(standby, "start")
    primary.control_standby(standby, "promote")
    return found


def has_all(primary):
    statement = "SELECT pg_current_wal_lsn() <= replay_lsn FROM pg_stat_replication"
    with psycopg.connect(primary.url) as connection:
        return connection.execute(statement).fetchone() == (True,)


def test_a_standby_takes_over_without_the_last_orders(primary, losing):
    service, standby = losing
    first = sell(service, 5)
    lost = fail_over(primary, standby, lambda: sell(service, 10))
    until(lambda: service.call("POST", ORDERS, {}).status == 400, "it does not find the new one")
    until(lambda: readiness(service).status == 503 and went_back_if_up(service), "not noticed")
    is_named(service)
    until(lambda: service.call("POST", ORDERS, EMPTY_ORDER).status == 201, "nothing is sold")
    new = sell(service, 3)
    shown = listed(service, "0")
    assert shown >= first | new
    assert not shown & lost
    assert len(shown) == 9
    is_acknowledged(service, "The key is not available here")
    sell(service, 1)
    is_whole(service)


def went_back_if_up(service):
    checks = readiness(service).body["checks"]
    return "went back" in checks.get("log", "")


def test_the_same_while_others_go_on_selling(primary, losing):
    """What is projected at that moment is of the one history or of the other."""
    service, standby = losing
    sell(service, 5)
    over = threading.Event()

    def go_on_selling():
        while not over.is_set():
            service.call("POST", ORDERS, EMPTY_ORDER)

    sellers = [threading.Thread(target=go_on_selling) for _ in range(3)]
    try:
        for seller in sellers:
            seller.start()
        lost = fail_over(primary, standby, lambda: make(service, 10)[0])
        until(lambda: went_back_if_up(service), "not noticed")
    finally:
        over.set()
        for seller in sellers:
            seller.join()
    new, _ = make(service, 1)
    is_acknowledged(service, "The key is not available here")
    with closing(open_store(service.database)) as store:
        there = {each.originator_id for each in store.log(0, 100_000)}
    assert new <= there
    assert not lost & there
    is_whole(service)
