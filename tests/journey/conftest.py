from contextlib import ExitStack

import pytest
from databases import STORES, a_database
from server import serving


@pytest.fixture(scope="session", params=STORES)
def service(request, tmp_path_factory):
    """A service for all tests that leave it as it is: on PostgreSQL with two processes."""
    folder = tmp_path_factory.mktemp("service")
    options = () if request.param == "sqlite" else ("--workers", "2")
    with ExitStack() as opened:
        database = opened.enter_context(a_database(request.param, request, folder))
        yield opened.enter_context(serving(database, folder / "log", *options))


@pytest.fixture(params=STORES)
def own_database(request, tmp_path):
    """A database for a test that starts a service of its own."""
    with a_database(request.param, request, tmp_path) as address:
        yield address


@pytest.fixture
def sqlite(tmp_path):
    return f"sqlite:///{tmp_path / 'orders.db'}"


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"
