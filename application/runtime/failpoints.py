"""Failpoints: places where a test can make a process die or fail. Otherwise `reach` does nothing.

Two things have to agree before a failpoint does anything: `ORDERLOG_FAILPOINTS` names it and what
it does, and the file that `ORDERLOG_FAILPOINTS_SWITCH` names has exactly the same text. So a
variable that is left over in an environment arms nothing: a command that finds it alone refuses to
run. The file also limits it to one time: the process that removes the file is the one that dies.
"""

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import msgspec

from domain.errors import UserError

VARIABLE = "ORDERLOG_FAILPOINTS"
SWITCH = "ORDERLOG_FAILPOINTS_SWITCH"
KILL, ERROR = "kill", "error"


class Point(msgspec.Struct, frozen=True):
    """What has just happened at a failpoint, and what has to hold after a kill or error there."""

    where: str
    holds: str


NOTHING = "nothing was written, and the request can be sent again"
WHOLE = "everything was written; a lost answer comes when the request is sent again"
EITHER = "everything or nothing was written; sending the request again gives the one answer"
EQUALS_REBUILD = "the read model equals a rebuild: no event is missing, and none is in it twice"
OLD_ONE = "the old generation is live and correct, and the rebuild can be repeated"
NEW_ONE = "the new generation is live and correct"
NO_CHECKPOINT = "there is no partial checkpoint, and the next one can be made"
ONE_CHECKPOINT = "the checkpoint is there, and the next one follows it"
OLD_LAYOUT = "the old layout is whole, and the next start upgrades it"
NEW_LAYOUT = "the new layout is whole"
NO_BACKUP = "no file has the name of the backup, and the next backup can be made"
ONE_BACKUP = "the backup is whole, and verified"

POINTS: Mapping[str, Point] = {
    "append.found": Point("everything that a batch needs was read", NOTHING),
    "append.before_commit": Point(
        "a batch is decided, and none of it was sent to the store", NOTHING
    ),
    "append.stored": Point("a batch is stored in its transaction (SQLite, in rounds)", NOTHING),
    "append.sent": Point("statements were sent, and no answer was read (PostgreSQL)", EITHER),
    "append.after_commit": Point("a batch is committed, and no answer was sent", WHOLE),
    "projector.read": Point("events for a read model were read", EQUALS_REBUILD),
    "projector.before_commit": Point(
        "rows and position are written, but not committed", EQUALS_REBUILD
    ),
    "projector.after_commit": Point("rows and position are committed", EQUALS_REBUILD),
    "swap.loaded": Point("a range of a new generation is loaded", OLD_ONE),
    "swap.finished": Point("a new generation has its indexes", OLD_ONE),
    "swap.before_commit": Point("the generations are swapped, but not committed", OLD_ONE),
    "swap.after_commit": Point("the generations are swapped", NEW_ONE),
    "checkpoint.moved": Point("the recorded heads were moved on with the log", NO_CHECKPOINT),
    "checkpoint.signed": Point("a checkpoint is signed, but not stored", NO_CHECKPOINT),
    "checkpoint.remembered": Point("the signer remembers what it is about to sign", NO_CHECKPOINT),
    "checkpoint.stored": Point("a checkpoint is stored beside the log", ONE_CHECKPOINT),
    "checkpoint.rotated": Point("a new key is announced, but not in its place", ONE_CHECKPOINT),
    "upgrade.step": Point("one step of an upgrade is done, but not committed", OLD_LAYOUT),
    "upgrade.before_commit": Point(
        "the new layout's number is written, but not committed", OLD_LAYOUT
    ),
    "upgrade.after_commit": Point("the new layout is committed", NEW_LAYOUT),
    "backup.copied": Point(
        "all pages of a log are copied to a file with a temporary name", NO_BACKUP
    ),
    "backup.verified": Point("the copy is verified, and still has its temporary name", NO_BACKUP),
    "backup.in_place": Point("the copy has its final name", ONE_BACKUP),
}
"""Every failpoint. A test compares them with the calls of `reach` and tries each of them."""


class Injected(Exception):
    """The error that a test requested at a failpoint."""


class FailpointsRefused(UserError):
    """`ORDERLOG_FAILPOINTS` is set, but no test has armed it."""


class _Armed:
    """One failpoint that kills or fails, at its n-th visit in this process."""

    def __init__(self, name: str, action: str, visits: int, switch: Path) -> None:
        self._name, self._action, self._left, self._switch = name, action, visits, switch

    def passed(self, name: str) -> None:
        """Count a visit, and act at the n-th if no other process has acted."""
        if name != self._name:
            return
        self._left -= 1
        if self._left != 0:
            return
        try:
            self._switch.unlink()
        except FileNotFoundError:
            return
        if self._action == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        raise Injected(f"the failpoint {name}")


_ARMED: list[_Armed] = []


def reach(name: str) -> None:
    """Pass a failpoint of `POINTS`. If it is armed, it raises `Injected` or never returns."""
    for armed in _ARMED:
        armed.passed(name)


def arm(environment: Mapping[str, str]) -> bool:
    """Arm this process by its environment (`NAME=kill`, `NAME=error@3`); return whether it was.

    Raises `FailpointsRefused` when the environment asks for it and no test has armed it, or when it
    names an unknown failpoint.
    """
    _ARMED.clear()
    wanted = environment.get(VARIABLE)
    if not wanted:
        return False
    switch = Path(environment.get(SWITCH, os.devnull))
    if not switch.is_file() or switch.read_text(encoding="utf-8") != wanted:
        raise FailpointsRefused(
            f"{VARIABLE} is set: it makes the service die on purpose and is for tests alone."
            " Unset it."
        )
    _ARMED.append(_parsed(wanted, switch))
    return True


def _parsed(wanted: str, switch: Path) -> _Armed:
    name, _, how = wanted.partition("=")
    action, _, visits = how.partition("@")
    if name not in POINTS or action not in {KILL, ERROR} or not (visits or "1").isdigit():
        raise FailpointsRefused(f"{VARIABLE} is no NAME=kill or NAME=error@N: {wanted}")
    return _Armed(name, action, int(visits or "1"), switch)
