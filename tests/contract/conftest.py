from contextlib import ExitStack

import pytest

from application.storage.postgres.store import PostgresStore
from application.storage.sqlite.store import SqliteStore


@pytest.fixture(params=["sqlite", "postgres"])
def open_store(request, tmp_path):
    """Opens a store; each call opens the same database once more."""
    if request.param == "sqlite":
        path = str(tmp_path / "orders.db")
        make = lambda: SqliteStore(path)  # noqa: E731 - named by its use
    else:
        url = request.getfixturevalue("database")
        make = lambda: PostgresStore(url)  # noqa: E731
    with ExitStack() as opened:

        def open_one():
            store = make()
            opened.callback(store.close)
            return store

        yield open_one


@pytest.fixture
def store(open_store):
    return open_store()
