"""The Ed25519 keys that sign checkpoints. The private key is in a file of its own.

The library is imported when a key is needed, so that starting a service does not wait for it.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from application.runtime.private_files import write_private_once
from domain.errors import UserError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_DIGITS = 64


class BadKey(UserError):
    """The file has no valid key, or others can read it."""


class Signer:
    """Signs with a private key. `public` is the public one, in hex."""

    def __init__(self, key: "Ed25519PrivateKey") -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> bytes:
        """The signature of `message`."""
        return self._key.sign(message)


def signer_at(path: str) -> Signer:
    """The signer whose key is in a file; on first use a new key is made there, for its owner alone.

    Raises `BadKey`, `OSError`.
    """
    if not Path(path).exists():
        write_private_once(path, _new_key())
    return _read(path)


def replacement_of(path: str) -> tuple[Signer, str]:
    """A signer with a new key, and the file with it that is to replace the one at `path`."""
    beside = f"{path}.next"
    Path(beside).unlink(missing_ok=True)
    write_private_once(beside, _new_key())
    return _read(beside), beside


def verified(public: str, message: bytes, signature: bytes) -> bool:
    """Whether a message was signed with the private key that belongs to this public key."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PublicKey,
    )

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public(path: str) -> str:
    """Read a public key from a file that has it in hex. Raises `BadKey`, `OSError`."""
    text = Path(path).read_text(encoding="utf-8", errors="replace").strip().lower()
    if len(text) != KEY_DIGITS or any(each not in "0123456789abcdef" for each in text):
        raise BadKey(f"{path} has no public key: one is {KEY_DIGITS} hex digits.")
    return text


def _new_key() -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PrivateKey,
    )

    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _read(path: str) -> Signer:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PrivateKey,
    )

    if os.stat(path).st_mode & 0o077:  # noqa: PTH116 - a path is a string here
        raise BadKey(f"{path} can be read by others: chmod 600 it, or take another key.")
    try:
        key = serialization.load_pem_private_key(Path(path).read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise BadKey(f"{path} has no private key of ours: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{path} has a private key, but no Ed25519 key.")
    return Signer(key)
