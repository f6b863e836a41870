"""Takes a log back: to an older backup of its file, or by cutting off its end."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from forger import Forger


def back_up(url, to):
    """Copy the log's file as it is now, whoever else has it open."""
    with closing(sqlite3.connect(path_of(url))) as live, closing(sqlite3.connect(to)) as copy:
        live.backup(copy)


def put_back(url, backup):
    """Put a backup in the place of the log's file, which nobody has open."""
    path = path_of(url)
    for side in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(path + side).unlink()
    Path(path).write_bytes(Path(backup).read_bytes())


def path_of(url):
    return url.removeprefix("sqlite:///")


def cut(url, position):
    """Take the events beyond a position out of the log, as if they had never been there."""
    Forger(url).run("DELETE FROM orders_events WHERE POSITION > ?", position)
