"""The port to copies of an embedded log, each in one file; `storage/` implements it."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from domain.errors import UserError

Progress = Callable[[int, int], None]
"""Gets how much is done, and of how much."""


class BackupRefused(UserError):
    """A backup that cannot be made or put back; the text says why, and what to do."""


class Content(msgspec.Struct, frozen=True):
    """What a log has: its id, its last position (None: it cannot be read), catalogue documents."""

    log_id: str
    position: int | None
    catalog: int = 0


class Replaced(msgspec.Struct, frozen=True):
    """Where the log that was replaced is kept; None if there was none."""

    kept: str | None


class Backups(Protocol):
    """Copies of a log in one file."""

    def copy_to(self, target: str, progress: Progress) -> None:
        """Copy the log as it is at this moment to the file `target`, and sync that."""

    def copy_from(self, backup: str, target: str, progress: Progress) -> None:
        """Copy a backup to the file `target`, and sync that. Raises `BackupRefused`."""

    def content(self) -> Content | None:
        """What is in the database now; None if there is none, or nothing in it."""

    def put_in_place(self, fresh: str) -> Replaced:
        """Put a synced file in the place of the log, atomically. Raises `BackupRefused`."""
