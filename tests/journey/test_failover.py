"""A server whose PostgreSQL dies for good, and another one takes its place."""

from contextlib import closing

import pytest
from polling import until
from postgres_server import address, postgres_server
from sale import Sale
from server import EMPTY_ORDER, ORDERS, serving

from application.bootstrap import open_store


@pytest.fixture
def primary():
    with postgres_server() as server:
        if not server.own:
            pytest.skip("the PostgreSQL server is not ours to stop")
        yield server


def test_the_sale_goes_on_at_the_standby(primary, tmp_path):
    with primary.standby() as standby:
        primary.administrate("CREATE DATABASE sale")
        hosts = f"{primary.data},{standby}"
        url = address(primary.url, dbname="sale", host=hosts, target_session_attrs="read-write")
        with serving(url, tmp_path / "server.log") as service:
            with Sale(service) as sale:
                sale.goes_on()
                primary.stop()
                primary.tool("pg_ctl", "-w", "-D", standby, "promote")
                sale.goes_on()
            made = service.call("POST", ORDERS, EMPTY_ORDER)
            position = {"X_Wait_For_Position": made.headers["x-log-position"]}
            until(
                lambda: service.call("GET", ORDERS, **position).status == 200,
                "the lists stand still",
            )
            assert {answer.status for answer in sale.refused} <= {503}
        with closing(open_store(url)) as store:
            sale.check(store, others=1)
