"""A real PostgreSQL for every test that asks for one; and where the logs go meanwhile."""

import pytest
import structlog
from box_office import box_office
from postgres_server import postgres_server

LOGS = {
    "processors": [structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
    "logger_factory": structlog.stdlib.LoggerFactory(),
}
"""To pytest, which shows them with a test that fails."""

structlog.configure(**LOGS)


@pytest.fixture
def own_logs(monkeypatch):
    """For a test that configures logs: no logger remembers it afterwards."""
    configure = structlog.configure
    forgetful = {"cache_logger_on_first_use": False}
    monkeypatch.setattr(structlog, "configure", lambda **how: configure(**how | forgetful))
    yield
    structlog.reset_defaults()
    configure(**LOGS)


@pytest.fixture(scope="session")
def server():
    with postgres_server() as running:
        yield running


@pytest.fixture
def database(server):
    """The address of a fresh PostgreSQL database."""
    with server.database() as url:
        yield url


@pytest.fixture
def office(tmp_path):
    """A ticket shop over an SQLite file, with a clock of its own."""
    with box_office(f"sqlite:///{tmp_path / 'orders.db'}") as shop:
        yield shop
