"""Readings of buyers' data by keys with the scope `audit`: each is in the administrative trail.

It is written before the answer is given: what cannot be written is not read.
"""

from functools import partial

from application.bootstrap import Services
from application.catalog.access import Caller
from application.catalog.deeds import deed_of
from application.ports.admin_trail import Action
from application.runtime.greenlet_bridge import off_the_loop


def note_reading(services: Services, caller: Caller | None, request: str, path: str) -> None:
    """Note that an auditor reads what is at a path. Raises `StoreUnavailable`."""
    if caller is None or not caller.sees_all:
        return
    deed = deed_of(services.clock(), Action.ORDERS_READ, caller.actor, request=request, path=path)
    off_the_loop(partial(services.store.admin_trail().add, deed))
