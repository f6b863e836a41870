"""A fresh database of either kind."""

from contextlib import contextmanager

STORES = ("sqlite", "postgres")


@contextmanager
def a_database(store, request, folder):
    """The address of a fresh database."""
    if store == "sqlite":
        yield f"sqlite:///{folder / 'orders.db'}"
    else:
        with request.getfixturevalue("server").database() as url:
            yield url
