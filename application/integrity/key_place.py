"""Where the private key of a database's checkpoints is. The signer's memory is beside it."""

import os
from pathlib import Path

import structlog

from application.integrity.signer_memory import SignerMemory
from application.integrity.signing import BadKey
from application.runtime.private_files import private_folder_of, write_private

KEY = "audit-key"
BESIDE = "-audit-key"
NEXT, MEMORY = ".next", ".memory"

log = structlog.get_logger()


class KeyPlace:
    """A file for the key, and where an earlier version of the service had it."""

    def __init__(self, path: str, former: str | None = None) -> None:
        self._path = path
        self._former = former

    @property
    def path(self) -> str:
        """Where the key is, or is to be made."""
        return self._path if self._left_behind is None else self._left_behind

    @property
    def memory(self) -> SignerMemory:
        """The signer's memory."""
        return SignerMemory(self.path + MEMORY)

    @property
    def exists(self) -> bool:
        """Whether there is a key."""
        return Path(self.path).exists()

    @property
    def _left_behind(self) -> str | None:
        """The former file, while the key is still there."""
        if self._former is None or os.path.lexists(self._path):
            return None
        return self._former if os.path.lexists(self._former) else None

    def settle(self) -> str:
        """The file of the key, in a folder that is there; brought from its former place first.

        Raises `BadKey`, `OSError`.
        """
        former = self._left_behind
        if self._former is not None:
            Path(self._path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if former is not None:
            self._bring(former)
        return self._path

    def _bring(self, former: str) -> None:
        """Move key and memory, the key last: until then the former ones count."""
        if os.stat(former).st_uid != os.geteuid():  # noqa: PTH116 - a path is a string here
            raise BadKey(f"{former} belongs to another user: name the key by ORDERLOG_AUDIT_KEY.")
        for side in (MEMORY, NEXT, ""):
            if Path(former + side).is_file():
                write_private(self._path + side, Path(former + side).read_bytes())
        for side in ("", NEXT, MEMORY):
            Path(former + side).unlink(missing_ok=True)
        log.warning("audit_key_moved", old=former, new=self._path)


def default_place(file: str) -> KeyPlace:
    """Where the key for an SQLite file is, if nothing else is said."""
    return KeyPlace(str(private_folder_of(file) / KEY), former=file + BESIDE)
