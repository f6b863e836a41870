"""Replaces damaged or missing files of the read models while the service goes on."""

import os
import re
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import structlog

from application.ports.read_models import Table
from application.ports.store import StoreUnavailable
from application.storage.sqlite import generations
from application.storage.sqlite.connections import Connections, connect
from application.storage.sqlite.damage import Gone, alone, is_cut_off, is_damage, set_aside
from application.storage.sqlite.file_identity import FilesDiffer
from application.storage.sqlite.layout import VIEWS, lay_out

log = structlog.get_logger()

LOOK_SECONDS = 0.25
"""How often a process checks whether another one has replaced the list."""

FileIdentity = Callable[[sqlite3.Connection, str], None]
"""Stores the log's id in a companion (its connection and path), or refuses the companion."""


def inode_of(path: str) -> int | None:
    """The inode of a file, if it is there."""
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - asked often; a Path costs more
    except OSError:
        return None


class RepairedFiles(ABC):
    """The list of read models and their generations, as files that may be damaged at any time."""

    _path: str
    _belong: FileIdentity
    _connections: Connections
    _of_thread: threading.local
    _tables: dict[str, Table]
    _inode: int | None = None
    _look_again: float

    @property
    @abstractmethod
    def _db(self) -> sqlite3.Connection:
        """The list."""

    @abstractmethod
    def _file(self, name: str, generation: int) -> str:
        """The path of a generation."""

    @abstractmethod
    def _add_live(self, table: Table) -> None:
        """Make a generation and list it as the live one, in the open transaction."""

    @abstractmethod
    def _is_there(self, name: str) -> bool:
        """Whether the live generation is listed, and has its file."""

    @abstractmethod
    def ensure(self, table: Table) -> None:
        """Make the table of a read model if there is none."""

    def _look_at_list(self) -> None:
        """Notice within `LOOK_SECONDS` that the list was removed or replaced."""
        moment = time.monotonic()
        if moment >= self._look_again:
            self._look_again = moment + LOOK_SECONDS
            if inode_of(self._path) != self._inode:
                self._open_list()

    def _open_list_if_possible(self) -> None:
        """Open the list. If a full disk has no room for it, it is opened when it is needed."""
        try:
            self._open_list()
        except FilesDiffer:
            raise
        except StoreUnavailable as error:
            log.error("read_models_cannot_be_opened", reason=str(error))

    def _open_list(self) -> None:
        """Open the present list; make a new one if it is missing or damaged."""
        with alone(self._path):
            self._connections.renew()
            if is_cut_off(self._path):
                set_aside(self._path, "it is empty")
            fresh = not os.path.lexists(self._path)
            try:
                self._lay_out()
            except StoreUnavailable as error:
                if not is_damage(error, self._path):
                    raise
                set_aside(self._path, error)
                self._connections.renew()
                self._lay_out()
                fresh = True
            if fresh:
                self._forget_files()
            self._inode = inode_of(self._path)
            self._look_again = time.monotonic() + LOOK_SECONDS
        if fresh:
            for table in list(self._tables.values()):
                self.ensure(table)

    def _lay_out(self) -> None:
        lay_out(self._connections.mine, VIEWS)
        self._belong(self._connections.mine, self._path)

    def _forget_files(self) -> None:
        """Remove the generations of a lost list, and do not use their numbers again."""
        folder, name = os.path.split(self._path)
        pattern = re.compile(re.escape(name) + r"-(\w+)-(\d+)")
        for each in Path(folder or ".").iterdir():
            found = pattern.fullmatch(each.name)
            if found is not None:
                self._connections.mine.execute(
                    "INSERT INTO generations VALUES (?1, ?2) ON CONFLICT (name)"
                    " DO UPDATE SET last = max(last, ?2)",
                    (found[1], int(found[2])),
                )
                generations.remove(str(each))

    def heal(self, error: Exception, *_: Any) -> bool:
        """Replace what is damaged or missing by this error; True if the call is worth a retry."""
        if inode_of(self._path) != self._inode:
            self._open_list()  # another process replaced it a moment ago
            return True
        if isinstance(error, Gone):
            return self._replace_missing()
        if not is_damage(error, self._path) and not self._is_of_generation(error):
            return False
        if not self._is_list_sound():
            with alone(self._path):
                if not self._is_list_sound() and os.path.lexists(self._path):
                    set_aside(self._path, error)
            self._open_list()
            return True
        return self._replace_generation(error)

    def _is_of_generation(self, error: Exception) -> bool:
        touched = getattr(self._of_thread, "touched", None)
        return touched is not None and is_damage(error, self._file(*touched))

    def _is_list_sound(self) -> bool:
        """Whether the list can be read from end to end; it is small."""
        try:
            with closing(connect(self._path, "NORMAL")) as fresh:
                fresh.execute("SELECT count(*) FROM read_models, generations, log_identity")
                return bool(fresh.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
        except (sqlite3.Error, StoreUnavailable) as error:
            return not is_damage(error, self._path)

    def _replace_missing(self) -> bool:
        """Begin read models anew whose files are missing; True if there were any."""
        missing = [table for name, table in self._tables.items() if not self._is_there(name)]
        for table in missing:
            self.ensure(table)
        return bool(missing)

    def _replace_generation(self, error: Exception) -> bool:
        """Set aside the generation that this thread has used last; begin it anew if it is live."""
        name, generation = self._of_thread.touched
        opened = getattr(self._of_thread, "opened", None)
        if opened is not None:
            opened.close([(name, generation)])
        with generations.transaction(self._db):
            row = self._db.execute(
                "DELETE FROM read_models WHERE name = ? AND generation = ? RETURNING live",
                (name, generation),
            ).fetchone()
            if row is not None:
                if os.path.lexists(self._file(name, generation)):
                    set_aside(self._file(name, generation), error)
                if row[0]:
                    self._add_live(self._tables[name])
        return True
