"""A process that another one made for its own work ends with it: nobody else would end it."""

import os
import signal
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """Watch, in a thread, for the end of the parent process, and stop this one by SIGTERM then."""
    threading.Thread(target=_watch, name="parent-watch", daemon=True).start()


def _watch() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
