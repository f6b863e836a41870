"""A real PostgreSQL for every test that asks for one."""

import pytest
from postgres_server import postgres_server


@pytest.fixture(scope="session")
def server():
    with postgres_server() as running:
        yield running


@pytest.fixture
def database(server):
    """The address of a fresh PostgreSQL database."""
    with server.database() as url:
        yield url
