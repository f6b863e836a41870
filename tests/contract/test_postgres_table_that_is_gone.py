"""A read model whose table somebody has dropped: a page is refused, and asked for no more."""

import psycopg
import pytest

from application.ports.read_models import Page
from application.ports.store import StoreUnavailable
from application.read_models.registry import PROJECTIONS
from application.storage.postgres.store import PostgresStore


@pytest.fixture
def store(database):
    """A store without the table of a read model."""
    store = PostgresStore(database)
    models = store.read_models()
    for projection in PROJECTIONS.values():
        models.ensure(projection.table)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP TABLE payments_1")
    yield store
    store.close()


@pytest.mark.parametrize("ask", ["page", "count"])
def test_its_pages_are_refused(store, ask):
    page = Page("changed_at", limit=1)
    with pytest.raises(StoreUnavailable, match="read model payments is gone"):
        getattr(store.read_models(), ask)("payments", page)
