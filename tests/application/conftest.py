from contextlib import ExitStack

import pytest
from selling import Clock

from application.bootstrap import build
from application.settings import Settings


@pytest.fixture(params=["sqlite", "postgres"])
def address(request, tmp_path):
    """The address of an empty database, on each store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'orders.db'}"
    return request.getfixturevalue("database")


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
