"""A signature over a file that lists others, such as an archive's; it stands beside the list."""

from pathlib import Path

import msgspec

from application.integrity.signing import Signer, verified
from application.runtime.private_files import write_private
from domain.errors import UserError

NAME = "_signature.json"
PREFIX = b"orderlog signed file 1\0"
"""Before the file's bytes, so that nothing else that the key signs can be taken for it."""


class BadSignature(UserError):
    """A file is not what its signature is over, or not by the key that is trusted."""


class FileSignature(msgspec.Struct, frozen=True):
    """The public key that signed, and the signature, in hex."""

    key: str
    signature: str


def sign_file(signer: Signer, path: Path) -> None:
    """Sign a file's bytes as they are now."""
    signature = signer.sign(PREFIX + path.read_bytes()).hex()
    content = msgspec.json.encode(FileSignature(signer.public, signature))
    write_private(path.with_name(NAME), msgspec.json.format(content) + b"\n")


def leave_unsigned(path: Path) -> None:
    """Take a signature away that is not of the file as it is now."""
    path.with_name(NAME).unlink(missing_ok=True)


def signed_by(path: Path, trusted: str | None) -> str | None:
    """The public key that signed a file; None for one that is not signed.

    Raises `BadSignature`, also where the `trusted` key did not sign it.
    """
    beside = path.with_name(NAME)
    if not beside.is_file():
        if trusted is not None:
            raise BadSignature(f"{path} is not signed: there is no {NAME} beside it.")
        return None
    try:
        found = msgspec.json.decode(beside.read_bytes(), type=FileSignature)
        good = verified(found.key, PREFIX + path.read_bytes(), bytes.fromhex(found.signature))
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise BadSignature(f"{beside} is not a signature: {error}") from error
    if not good:
        raise BadSignature(
            f"{path} is not what was signed: it was changed, or an export was interrupted, which"
            " the same command goes on with."
        )
    if trusted not in {None, found.key}:
        raise BadSignature(f"{path} is signed by another key than the one you trust.")
    return found.key
