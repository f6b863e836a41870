"""Makes a read model again from the log, beside the live one, and swaps it in at the end.

It is the live code started from position zero.
"""

from collections.abc import Callable

from application.projections.pull_loop import pull
from application.projections.registry import Projection
from application.store import Store

BATCH = 2000


def rebuild(store: Store, projection: Projection, progress: Callable[[int, int], None]) -> int:
    """Rebuild a read model; return the position it has got to.

    `progress` is told the position reached and the last one, after each batch. What is written
    meanwhile is caught up with before the swap; readers see the old rows until then.
    """
    models = store.read_models()
    state = models.begin_rebuild(projection.table)
    while True:
        last = store.last_position()
        if not pull(store, projection, state, BATCH):
            break
        state = models.reload(state)
        progress(state.position, max(last, state.position))
    models.swap(state)
    return state.position
