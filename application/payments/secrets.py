"""The secrets of gateways, read where the catalogue names them: variables and files.

A secret is never stored, printed or logged: errors have only its name.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from domain.errors import UserError

ENV, FILE = "env:", "file:"
LARGEST_SECRET = 4096


class SecretUnreadable(UserError):
    """A notice may be signed with a secret that cannot be read now."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The secret {name} cannot be read: {reason}.")
        self.name = name


class _Kept(msgspec.Struct, frozen=True):
    """The secret of a file, and how the file looked when it was read."""

    look: tuple[int, int, int]
    secret: bytes


class GatewaySecrets:
    """Reads secrets by their names; one of a file is read again when the file changes."""

    def __init__(self) -> None:
        self._files: dict[str, _Kept] = {}

    def read(self, names: Sequence[str]) -> tuple[list[bytes], SecretUnreadable | None]:
        """The secrets that can be read, and why another one cannot."""
        secrets: list[bytes] = []
        unreadable = None
        for name in names:
            try:
                secrets.append(self._secret(name))
            except SecretUnreadable as error:
                unreadable = error
        return secrets, unreadable

    def _secret(self, name: str) -> bytes:
        secret = self._of_file(name) if name.startswith(FILE) else _of_variable(name)
        if not secret:
            raise SecretUnreadable(name, "it is empty")
        return secret

    def _of_file(self, name: str) -> bytes:
        path = Path(name.removeprefix(FILE))
        try:
            state = path.stat()
            look = (state.st_mtime_ns, state.st_size, state.st_ino)
            kept = self._files.get(name)
            if kept is None or kept.look != look:
                if not path.is_file() or state.st_size > LARGEST_SECRET:
                    raise SecretUnreadable(name, "it is not a small file")
                kept = self._files[name] = _Kept(look, path.read_bytes().strip())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "the path is wrong"
            raise SecretUnreadable(name, reason) from error
        return kept.secret


def _of_variable(name: str) -> bytes:
    value = os.environ.get(name.removeprefix(ENV))
    if value is None:
        raise SecretUnreadable(name, "there is no such variable")
    return value.strip().encode(errors="surrogateescape")


def unreadable_of(secrets: GatewaySecrets, names: Sequence[str]) -> list[SecretUnreadable]:
    """Why secrets cannot be read, for each that cannot."""
    found = (secrets.read([name])[1] for name in names)
    return [each for each in found if each is not None]
