"""Whether a file has a log of ours, and in which layout. Looking changes nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

from application.ports.store import Layouts
from application.storage.sqlite.file_identity import check_before_opening
from application.storage.sqlite.layout import LOG


def layouts_in(path: str) -> Layouts | None:
    """The layout of the log in a file; None for no log. Raises `FilesDiffer`.

    Of a file that cannot be read it is assumed to be the newest: opening it reports why.
    """
    check_before_opening(path)
    file = Path(path)
    if not file.exists() or (file.is_file() and file.stat().st_size == 0):
        return None
    try:
        uri = f"{file.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            found = LOG.layout(connection)
    except sqlite3.Error:
        found = LOG.newest
    return None if found is None else Layouts(found, LOG.newest)
