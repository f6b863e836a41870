"""Files for their owner alone, whatever the umask: written whole, and on the disk."""

import os
import secrets
import stat
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from platformdirs import user_state_path

from application.runtime.disk import sync

MODE = 0o600
UMASK = 0o077
NAME_DIGITS = 16


def write_private(path: str | Path, content: bytes) -> None:
    """Replace a file in one step, and sync it."""
    draft = _drafted(path, content)
    draft.replace(path)
    sync(draft.parent)


def write_named(path: str | Path, content: bytes) -> None:
    """Write what an operator has named: a file as a whole; what is no plain file is written into.

    That may be `/dev/stdout`, a pipe or a link.
    """
    named = Path(path)
    if os.path.lexists(named) and not stat.S_ISREG(named.lstat().st_mode):
        with named.open("wb") as there:
            there.write(content)
    else:
        write_private(named, content)


def write_private_once(path: str | Path, content: bytes) -> None:
    """Make a file, and sync it, unless another process was first: then that one's stays."""
    draft = _drafted(path, content)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    sync(draft.parent)


def _drafted(path: str | Path, content: bytes) -> Path:
    draft = Path(f"{path}.{secrets.token_hex(8)}").absolute()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb") as file:
        os.fchmod(file.fileno(), MODE)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def make_private(path: str | Path) -> None:
    """Make an empty file before a library does; one that is there stays as it is.

    Where it cannot be made, the library says why.
    """
    with suppress(OSError):
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        os.fchmod(made, MODE)
        os.close(made)


def private_folder_of(file: str) -> Path:
    """The folder for the secrets of a database in a file: the user's own, away from the database.

    It is found by the file's path. It is not made here.
    """
    whole = os.path.realpath(file)
    digits = sha256(os.fsencode(whole)).hexdigest()[:NAME_DIGITS]
    return user_state_path("orderlog", appauthor=False) / f"{Path(whole).name}-{digits}"
