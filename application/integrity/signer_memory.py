"""The signer's memory, in a file beside its key: the last checkpoint that it signed.

The memory does not go back together with the database, and write access to the database does not
change it. A checkpoint is noted before it is stored in the database, and again afterwards: after a
crash in between, the database has one of the two.
"""

import hashlib
from pathlib import Path

import msgspec

from application.ports.integrity_records import AuditRecords, SignedCheckpoint
from application.ports.log_point import LogPoint
from application.runtime.private_files import write_private
from domain.errors import UserError

FORMAT = "orderlog signer memory 1"


class BadMemory(UserError):
    """The file is not a signer's memory."""

    def __init__(self, path: str, reason: object) -> None:
        super().__init__(f"{path} is not what the signer of checkpoints remembers: {reason}")


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that was signed: its number, its statement's digest (SHA-256, hex).

    `hash` (hex) is that of the event at `position` of the log `log`.
    """

    number: int
    position: int
    digest: str
    log: str
    hash: str


class Remembered(msgspec.Struct, frozen=True):
    """The content of the file, as JSON.

    `last` is in the database; `signing` was signed and may be there. `left` is whether an operator
    has acknowledged that the log does not have `last` any more. `retired` are the public keys that
    were replaced: they sign nothing any more.
    """

    format: str
    last: Signed | None = None
    signing: Signed | None = None
    left: bool = False
    retired: tuple[str, ...] = ()


class SignerMemory:
    """The memory of the signer, in a file that only its owner can read."""

    def __init__(self, path: str) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether there is a memory, of whatever content."""
        return Path(self.path).exists()

    def make(self) -> None:
        """Make an empty memory where there is none: for a key that is about to be made."""
        if not self.exists:
            self._write(Remembered(FORMAT))

    def read(self) -> Remembered:
        """Read the memory; empty where there is no file. Raises `BadMemory`, `OSError`."""
        try:
            content = Path(self.path).read_bytes()
        except FileNotFoundError:
            return Remembered(FORMAT)
        try:
            found = msgspec.json.decode(content, type=Remembered)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadMemory(self.path, error) from error
        if found.format != FORMAT:
            raise BadMemory(self.path, f"its format is {found.format}")
        return found

    def missing_in(self, records: AuditRecords) -> Signed | None:
        """The last signed checkpoint, if the database does not have it as it was signed."""
        remembered = self.read()
        last = remembered.last
        if last is None or remembered.left or is_kept(records, last):
            return None
        return last

    def highest(self) -> int:
        """The highest number that was ever signed; no other checkpoint may have it."""
        remembered = self.read()
        return max(
            (each.number for each in (remembered.last, remembered.signing) if each), default=0
        )

    def begin(self, signed: Signed) -> None:
        """Note a checkpoint that is signed and not stored yet."""
        self._write(msgspec.structs.replace(self.read(), signing=signed))

    def end(self, signed: Signed) -> None:
        """Note that a checkpoint is stored."""
        retired = self.read().retired
        self._write(Remembered(FORMAT, last=signed, retired=retired))

    def retire(self, public: str) -> None:
        """Note that a key was replaced, before the new one takes its place."""
        remembered = self.read()
        retired = tuple(dict.fromkeys((*remembered.retired, public)))
        self._write(msgspec.structs.replace(remembered, retired=retired))

    def leave(self) -> None:
        """Note that an operator has acknowledged the loss of the last checkpoint."""
        self._write(msgspec.structs.replace(self.read(), left=True))

    def _write(self, remembered: Remembered) -> None:
        write_private(self.path, msgspec.json.format(msgspec.json.encode(remembered)) + b"\n")


def signed_of(checkpoint: SignedCheckpoint, point: LogPoint) -> Signed:
    """The entry for a checkpoint over the log up to `point`."""
    return Signed(
        number=checkpoint.number,
        position=point.position,
        digest=hashlib.sha256(checkpoint.statement).hexdigest(),
        log=point.log,
        hash=point.hash.hex(),
    )


def is_kept(records: AuditRecords, signed: Signed) -> bool:
    """Whether a checkpoint is stored as it was signed."""
    for each in records.checkpoints(signed.number - 1)[:1]:
        digest = hashlib.sha256(each.statement).hexdigest()
        return (each.number, digest) == (signed.number, signed.digest)
    return False
