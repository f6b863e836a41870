"""Whatever was acknowledged is at the standby when the primary is gone, whatever went before."""

from contextlib import closing, suppress

import psycopg
import pytest
from polling import until
from postgres_server import address, halted, postgres_server
from sale import SELLERS, Sale
from server import serving

from application.bootstrap import open_store

pytestmark = pytest.mark.experiment

WAITING = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture
def primary():
    with postgres_server() as server:
        if not server.own:
            pytest.skip("the PostgreSQL server is not ours to stop")
        yield server


def test_what_was_acknowledged_is_at_the_promoted_standby(primary, tmp_path):
    with primary.standby() as standby:
        primary.administrate("CREATE DATABASE sale")
        url = address(primary.url, dbname="sale")
        with serving(url, tmp_path / "server.log") as service, Sale(service, insist=False) as sale:
            until(lambda: len(sale.done) > 50, "nothing is sold")
            with halted(standby):
                for end in ("pg_cancel_backend", "pg_terminate_backend"):
                    until(lambda: waiting(primary), "no commit waits for the standby")
                    with suppress(psycopg.Error):
                        primary.administrate(f"SELECT {end}(pid) {WAITING}")
                before = len(sale.done)
                primary.restart()
                until(lambda: waiting(primary), "no commit waits for the standby")
                until(lambda: sale.refused, "nobody is answered")
                assert len(sale.done) <= before + SELLERS
                primary.stop()
            primary.tool("pg_ctl", "-w", "-D", standby, "promote")
        at_standby = address(url, host=standby)
        with closing(open_store(at_standby)) as store:
            kept = {each.originator_id for each in store.log(0, 1_000_000)}
        assert set(sale.done.values()) <= kept
        assert {answer.status for answer in sale.refused} == {503}


def waiting(primary):
    return primary.administrate(f"SELECT 1 {WAITING}").fetchall()
