"""Whatever was acknowledged is at the standby when the primary is gone, whatever went before."""

import threading
from contextlib import closing, suppress

import psycopg
import pytest
from polling import until
from postgres_server import address, halted, postgres_server
from server import EMPTY_ORDER, ORDERS, serving

from application.bootstrap import open_store

pytestmark = pytest.mark.experiment

SELLERS = 6
WAITING = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture
def primary():
    with postgres_server() as server:
        if not server.own:
            pytest.skip("the PostgreSQL server is not ours to stop")
        yield server


class Sellers:
    """Ask for orders, each until it is answered; `made` has those that were acknowledged."""

    def __init__(self, service):
        self.made = []
        self.refused = []
        self._service = service
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._sell, args=(n,)) for n in range(SELLERS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _sell(self, seller):
        number = 0
        while not self._over.is_set():
            number += 1
            idempotency_record = False
            while not (idempotency_record or self._over.is_set()):
                key = f"{seller}-{number}"
                answer = self._service.call("POST", ORDERS, EMPTY_ORDER, Idempotency_Key=key)
                idempotency_record = answer.status == 201
                (self.made if idempotency_record else self.refused).append(answer)


def test_what_was_acknowledged_is_at_the_promoted_standby(primary, tmp_path):
    with primary.standby() as standby:
        primary.administrate("CREATE DATABASE sale")
        url = address(primary.url, dbname="sale")
        with serving(url, tmp_path / "server.log") as service, Sellers(service) as sellers:
            until(lambda: len(sellers.made) > 50, "nothing is sold")
            with halted(standby):
                for end in ("pg_cancel_backend", "pg_terminate_backend"):
                    until(lambda: waiting(primary), "no commit waits for the standby")
                    with suppress(psycopg.Error):
                        primary.administrate(f"SELECT {end}(pid) {WAITING}")
                before = len(sellers.made)
                primary.restart()
                until(lambda: waiting(primary), "no commit waits for the standby")
                until(lambda: sellers.refused, "nobody is answered")
                assert len(sellers.made) <= before + SELLERS
                primary.stop()
            primary.tool("pg_ctl", "-w", "-D", standby, "promote")
        at_standby = address(url, host=standby)
        with closing(open_store(at_standby)) as store:
            kept = {each.originator_id for each in store.log(0, 1_000_000)}
        assert {answer.body["id"] for answer in sellers.made} <= kept
        assert {answer.status for answer in sellers.refused} == {503}


def waiting(primary):
    return primary.administrate(f"SELECT 1 {WAITING}").fetchall()
