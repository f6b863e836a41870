"""Whether a database is the sandbox's, without what loads one: every process asks this."""

from application.ports.sandbox import OfTheSandbox, carries_mark
from application.ports.store import Store


def is_sandbox(store: Store) -> bool:
    """Whether a database is the sandbox's."""
    return carries_mark(store.catalog())


def refuse_sandbox(store: Store, remedy: str) -> None:
    """Raise `OfTheSandbox` for a database of the sandbox."""
    if is_sandbox(store):
        raise OfTheSandbox("This database", remedy)
