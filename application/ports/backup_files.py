"""The port to backups of an embedded log, each in one file; `storage/` implements it."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from domain.errors import UserError

Progress = Callable[[int, int], None]
"""Called with the amount that is done, and the total."""


class BackupRefused(UserError):
    """A backup cannot be made or restored; the message has the reason and what to do."""


class Content(msgspec.Struct, frozen=True):
    """The content of a log: its id, its last position (None: unreadable), catalogue documents.

    `sandbox`: it is that of the sandbox.
    """

    log_id: str
    position: int | None
    catalog: int = 0
    sandbox: bool = False


class Replaced(msgspec.Struct, frozen=True):
    """The file in which the replaced log is kept; None if there was none."""

    kept: str | None


class Backups(Protocol):
    """Backups of a log, each in one file."""

    def copy_to(self, target: str, progress: Progress) -> None:
        """Copy the log as it is at this moment to the file `target`, and sync that."""

    def copy_from(self, backup: str, target: str, progress: Progress) -> None:
        """Copy a backup to the file `target`, and sync that. Raises `BackupRefused`."""

    def content(self) -> Content | None:
        """The present content of the database; None if there is no database, or it is empty."""

    def put_in_place(self, fresh: str) -> Replaced:
        """Replace the log by a synced file, atomically. Raises `BackupRefused`."""
