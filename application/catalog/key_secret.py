"""The secret under which keys are stored. It is in a file, never in the database.

Who has the database alone can neither use its keys nor try guesses.
"""

import hashlib
import hmac
import secrets
from pathlib import Path

import msgspec
from platformdirs import user_state_path

from application.ports.catalog import CatalogChange
from application.runtime.private_files import write_private_once
from domain.errors import UserError

SECRET_BYTES = 32
FINGERPRINT = ("key_secret", "fingerprint")
"""The document by which a database knows the secret of its keys again."""
FINGERPRINT_OF = b"orderlog key secret 1"


class SecretMissing(UserError):
    """The secret under which the keys of a database are stored is not here."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The keys of this database are stored under a secret that is not in {path}. Copy the"
            " file from the machine that made them, and name it by ORDERLOG_KEY_SECRET. If it is"
            " lost: orderlog key reset revokes all keys, and new ones can be made."
        )


class BadSecret(UserError):
    """The secret's file cannot be read or written, or is none."""


class KeySecret:
    """The secret in a file, read when first needed."""

    def __init__(self, path: str = "") -> None:
        """Use the file at `path`, or that of this user."""
        self.path = Path(path) if path else default_path()
        self._known: bytes | None = None

    def name_of(self, key: str) -> str:
        """The name under which a key is stored."""
        return self.name_of_digest(digest_of(key))

    def name_of_digest(self, digest: str) -> str:
        """The name of the key with this digest, under which earlier versions stored it."""
        return hmac.digest(self._value(), digest.encode(), "sha256").hex()

    def derived(self, purpose: bytes) -> bytes:
        """A secret for another purpose, from which this one cannot be found."""
        return hmac.digest(self._value(), purpose, "sha256")

    def check(self, fingerprint: str | None) -> None:
        """Raise `SecretMissing` unless the database's keys are stored under this secret."""
        if not self.is_of(fingerprint):
            raise SecretMissing(self.path)

    def is_of(self, fingerprint: str | None) -> bool:
        """Whether the database's keys are stored under this secret, or there are none yet."""
        return fingerprint is None or (self.path.exists() and fingerprint == self._own())

    def join(self, change: CatalogChange, *, anew: bool = False) -> None:
        """Store keys under this secret from now on, which is made if there is none.

        Raises `SecretMissing` if the database has another one, unless it is to begin `anew`.
        """
        known = None if anew else change.documents().get(FINGERPRINT)
        if known is not None:
            self.check(msgspec.json.decode(known, type=str))
            return
        self._make()
        change.put(*FINGERPRINT, msgspec.json.encode(self._own()))

    def _own(self) -> str:
        return hmac.digest(self._value(), FINGERPRINT_OF, "sha256").hex()

    def _value(self) -> bytes:
        if self._known is None:
            try:
                value = bytes.fromhex(self.path.read_text(encoding="ascii"))
            except FileNotFoundError:
                raise SecretMissing(self.path) from None
            except (OSError, ValueError) as error:
                raise BadSecret(f"{self.path} is not a secret of keys: {error}.") from error
            if len(value) < SECRET_BYTES:
                raise BadSecret(f"{self.path} is not a secret of keys: it is too short.")
            self._known = value
        return self._known

    def _make(self) -> None:
        """Make the file, unless there is one or another process is first."""
        if self.path.exists():
            return
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private_once(self.path, f"{secrets.token_hex(SECRET_BYTES)}\n".encode())
        except OSError as error:
            raise BadSecret(
                f"The secret of keys cannot be written to {self.path}: {error.strerror}."
                " ORDERLOG_KEY_SECRET names another file."
            ) from error


class UnkeptSecret(KeySecret):
    """A secret for names that nobody keeps: there is no file of it."""

    def __init__(self) -> None:
        super().__init__()
        self._known = secrets.token_bytes(SECRET_BYTES)

    def _make(self) -> None:
        pass


def default_path() -> Path:
    """The file of this user."""
    return user_state_path("orderlog", appauthor=False) / "key-secret"


def digest_of(key: str) -> str:
    """The digest under which earlier versions stored a key."""
    return hashlib.sha256(key.encode()).hexdigest()
