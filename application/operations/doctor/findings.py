"""What an examination of an installation finds."""

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

from application.catalog.cache import Catalog
from application.catalog.key_secret import KeySecret
from application.integrity.key_place import KeyPlace
from application.ports.store import Store
from application.runtime.store_clock import StoreClock
from application.settings import Settings


class Level(StrEnum):
    """How bad a finding is. A warning wants to be looked at, a problem to be repaired."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check, and what to do about it."""

    check: str
    level: Level
    says: str
    do: str = ""


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """What is examined. `key_place` is where the private key of checkpoints is, if anywhere."""

    settings: Settings
    store: Store
    clock: StoreClock
    moment: datetime
    catalog: Catalog
    key_secret: KeySecret
    key_place: KeyPlace | None
    is_sandbox: bool


Check = Callable[[Installation], Iterator[Finding]]


def good(check: str, says: str) -> Finding:
    """Nothing is to be done."""
    return Finding(check=check, level=Level.OK, says=says)


def warning(check: str, says: str, do: str) -> Finding:
    """To be looked at by and by."""
    return Finding(check=check, level=Level.WARNING, says=says, do=do)


def problem(check: str, says: str, do: str) -> Finding:
    """To be repaired now."""
    return Finding(check=check, level=Level.PROBLEM, says=says, do=do)


def counted(number: int, what: str) -> str:
    """So many of something, in words."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def lasting(seconds: float) -> str:
    """A time in the unit in which one speaks of it."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return counted(round(seconds / length), unit)
    return f"{seconds:.0f} s"
