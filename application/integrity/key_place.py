"""Where the private key of a database's checkpoints is. The signer's memory is beside it."""

import os
from pathlib import Path

import structlog

from application.integrity.signer_memory import SignerMemory
from application.integrity.signing import BadKey, Signer, signer_at
from application.runtime.private_files import private_folder_of, write_private
from domain.errors import UserError

KEY = "audit-key"
BESIDE = "-audit-key"
NEXT, MEMORY = ".next", ".memory"

log = structlog.get_logger()


class NoKey(UserError):
    """There is no file to keep the private key in."""

    def __init__(self) -> None:
        super().__init__(
            "Checkpoints on PostgreSQL need a file for their private key: ORDERLOG_AUDIT_KEY."
        )


class WrongKey(UserError):
    """The configured key is not the one that may sign the next checkpoint."""

    def __init__(self, path: str, number: int) -> None:
        super().__init__(
            f"The key in {path} is not the one that checkpoint {number} leaves the signing to."
            " If that one is lost, orderlog audit checkpoint --adopt-key goes on with this one;"
            " those who verify need the new public key."
        )


class KeyMissing(UserError):
    """Checkpoints were signed, and their key is not here: none is made in its place."""

    def __init__(self, path: str, number: int, key: str) -> None:
        super().__init__(
            f"There is no key {path}; checkpoint {number} leaves the signing to {key[:16]}…. Name"
            " its file by ORDERLOG_AUDIT_KEY. If it is lost, orderlog audit checkpoint --adopt-key"
            " goes on with a new one; those who verify need the new public key."
        )


class MemoryMissing(UserError):
    """The key is here and its signer's memory is not: what it signed before cannot be known."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"There is a key {path}, but not {path}{MEMORY} with what it has signed, and the"
            " database has no checkpoint: both may have been lost. Nothing is signed. If this key"
            " has signed nothing here before: orderlog audit checkpoint --adopt-key."
        )


class KeyRetired(UserError):
    """The configured key was replaced by another; it signs nothing new."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"The key in {path} was replaced by orderlog audit rotate-key: it signs nothing any"
            " more. Put the new one there."
        )


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

    def prepare(self) -> str:
        """The file of the key, in a folder that is there; brought from its former place first.

        Raises `BadKey`, `OSError`.
        """
        former = self._left_behind
        folder = Path(self._path).absolute().parent
        if self._former is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not folder.is_dir():
            raise BadKey(f"There is no folder {folder} for the key {self._path}.")
        if former is not None:
            self._bring(former)
        return self._path

    def present(self) -> Signer:
        """The signer with the key that is there; on first use key and memory are made.

        Raises `BadKey`, `OSError`.
        """
        path = self.prepare()
        if not Path(path).exists():
            self.memory.make()
        return signer_at(path)

    def signer(self, number: int, expected: str | None, *, adopt: bool) -> Signer:
        """The signer that the last checkpoint, `number`, leaves the signing to; `expected` its key.

        `adopt` takes another one. Raises `KeyMissing`, `MemoryMissing`, `KeyRetired`, `WrongKey`,
        `BadKey`, `OSError`.
        """
        path = self.prepare()
        exists = Path(path).exists()
        if expected is not None and not adopt and not exists:
            raise KeyMissing(path, number, expected)
        signer = self.present()
        if expected is None and not adopt and not self.memory.exists:
            raise MemoryMissing(path)
        if signer.public != expected and Path(path + NEXT).exists():
            replacement = signer_at(path + NEXT)
            if replacement.public == expected:
                self.replace_key(path + NEXT)
                return replacement
        if signer.public in self.memory.read().retired:
            raise KeyRetired(path)
        if expected is not None and signer.public != expected and not adopt:
            raise WrongKey(path, number)
        return signer

    def replace_key(self, fresh: str) -> None:
        """Put a new key in the place of the old one, which signs nothing from then on."""
        path = self.prepare()
        if Path(path).exists():
            self.memory.retire(signer_at(path).public)
        Path(fresh).replace(path)

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
