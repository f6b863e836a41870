"""A real PostgreSQL for every test that asks for one."""

import pytest
from box_office import box_office
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


@pytest.fixture
def office(tmp_path):
    """A ticket shop over an SQLite file, with a clock of its own."""
    with box_office(f"sqlite:///{tmp_path / 'orders.db'}") as shop:
        yield shop
