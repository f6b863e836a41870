"""What people see when the database is away: a page that says so, and theirs again afterwards."""

import re

import pytest
from console_data import HOUSE_KEY, catalog

from application.bootstrap import build
from application.catalog.loading import load_catalog
from application.runtime.clock import now
from application.settings import Settings
from application.storage.postgres import connections as postgres_connections
from interface.server.flask_app import create_app


@pytest.fixture
def visitor(database):
    """A signed-in visitor of a service on PostgreSQL, without a browser."""
    services = build(Settings(database=database))
    load_catalog(services.store, catalog(now()), now())
    client = create_app(services).test_client()
    token = re.search(r'name="token" value="([^"]+)"', client.get("/console/sign-in").text)[1]
    form = {"token": token, "key": HOUSE_KEY}
    assert client.post("/console/sign-in", data=form).status_code == 303
    yield client
    services.close()


def test_a_page_says_that_the_database_is_away(server, visitor, monkeypatch):
    if not server.own:
        pytest.skip("the server of ORDERLOG_TEST_POSTGRES is not ours to stop")
    assert visitor.get("/console/orders").status_code == 200
    with server.down(), monkeypatch.context() as sooner:
        sooner.setattr(postgres_connections, "BACKOFF_SECONDS", 0.2)
        answer = visitor.get("/console/orders")
    assert answer.status_code == 503
    assert "The service is not ready" in answer.text
    assert "The Playhouse" not in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    assert visitor.get("/console/orders").status_code == 200
