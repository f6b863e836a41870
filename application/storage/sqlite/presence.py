"""Whether a file has a log of ours. Looking makes nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

from application.storage.sqlite.file_identity import check_before_opening
from application.storage.sqlite.layout import LOG


def has_log(path: str) -> bool:
    """Whether there is a log, or something that opening it reports. Raises `FilesDiffer`."""
    check_before_opening(path)
    file = Path(path)
    if not file.exists() or (file.is_file() and file.stat().st_size == 0):
        return False
    try:
        uri = f"{file.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            return LOG.layout(connection) is not None
    except sqlite3.Error:
        return True
