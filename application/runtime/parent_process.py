"""Ends a child process together with its parent: nothing else would end it."""

import os
import signal
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """Watch for the end of the parent process in a thread, and then stop this one by SIGTERM."""
    threading.Thread(target=_watch, name="parent-watch", daemon=True).start()


def _watch() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
