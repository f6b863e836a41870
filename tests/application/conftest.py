from contextlib import ExitStack

import pytest
from clock import Clock
from tampering import Tampering

from application.bootstrap import build
from application.settings import Settings


@pytest.fixture
def database(server):
    """The address of a fresh PostgreSQL database with all tables."""
    with server.laid_out_database() as url:
        yield url


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def open_services(address, clock):
    """Wires a service; each call is one more process over the same database."""
    with ExitStack() as opened:

        def open_one():
            services = build(Settings(database=address), clock)
            opened.callback(services.close)
            return services

        yield open_one


@pytest.fixture
def services(open_services):
    return open_services()


@pytest.fixture
def tampering(address):
    return Tampering(address)
