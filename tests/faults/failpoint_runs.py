"""Brings a process to a failpoint, has it die or fail there, and looks at what stands then.

The process is a real one, with the wired service over the real store; it writes down what was
acknowledged to it. What a failpoint needs to be reached is said once, for all of its kind.
"""

import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import layout_1
import psycopg
from shop import Broken, Place, Shop, check_all

from application.bootstrap import open_store
from application.integrity.verification import verify
from application.integrity.workers import here
from application.projector.loop import catch_up
from application.projector.rebuild import rebuild
from application.read_models.registry import PROJECTIONS
from application.runtime import failpoints
from application.runtime.failpoints import POINTS
from application.storage.postgres import layout as postgres_layout
from application.storage.sqlite import layout as sqlite_layout
from interface.cli.main import cli

KEYS = [f"key-{each}" for each in range(4)]
SECONDS = 60
ON_ONE_STORE = {
    "append.stored": "sqlite",
    "append.sent": "postgres",
    **dict.fromkeys((each for each in POINTS if each.startswith("backup.")), "sqlite"),
}
"""Places that only one store has."""

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["pytest", "interface.cli.main", "seller", "dask"])


class Journal:
    """What the process that dies was told before; one line each, written at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, key: str, order: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{key} {order}\n")

    def acknowledged(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        lines = self._path.read_text(encoding="utf-8").splitlines()
        return dict(line.split(" ") for line in lines)


# What each kind of place needs to be reached.


def append(place: Place, journal: Journal) -> None:
    with Shop(place) as shop:
        for key in KEYS:
            with once_more():
                journal.note(key, shop.sell(key))


def append_in_rounds(place: Place, journal: Journal) -> None:
    """Another process has written since: what was found is outdated, and is found again."""
    with Shop(place) as shop, Shop(place) as other:
        for key in KEYS:
            journal.note(f"{key}-of-another", other.sell(f"{key}-of-another"))
            with once_more():
                journal.note(key, shop.sell(key))


def project(place: Place, journal: Journal) -> None:
    with Shop(place) as shop:
        for key in KEYS:
            journal.note(key, shop.sell(key))
            for name in PROJECTIONS:
                with once_more():
                    catch_up(shop.store, name)


def make_generations(place: Place, journal: Journal) -> None:
    with Shop(place) as shop:
        sell_all(shop, journal)
        shop.catch_up()
        for projection in PROJECTIONS.values():
            with once_more():
                rebuild(shop.store, projection, lambda *_: None)


def sign(place: Place, journal: Journal) -> None:
    with Shop(place) as shop:
        for key in KEYS:
            journal.note(key, shop.sell(key))
            with once_more():
                shop.services.checkpoints.make()
        with once_more():
            shop.services.checkpoints.rotate()


def back_up(place: Place, journal: Journal) -> None:
    with Shop(place) as shop:
        sell_all(shop, journal)
    with once_more():
        back_up_to(place, "backup.db")


def back_up_to(place: Place, name: str) -> None:
    to = str(place.folder / name)
    cli(["--database", place.url, "backup", "--to", to], standalone_mode=False)


def upgrade(place: Place, journal: Journal) -> None:
    with once_more():
        open_store(place.url).close()


def sell_all(shop: Shop, journal: Journal) -> None:
    for key in KEYS:
        journal.note(key, shop.sell(key))


class once_more:  # noqa: N801 - reads as a word
    """Goes on after the error that was requested for: the service outlives it."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        return isinstance(error, failpoints.Injected)


REACH: dict[str, Callable[[Place, Journal], None]] = {
    "append": append,
    "append.stored": append_in_rounds,
    "projector": project,
    "swap": make_generations,
    "checkpoint": sign,
    "backup": back_up,
    "upgrade": upgrade,
}
"""By place, or by the first word of its name."""


def reaching(point: str) -> Callable[[Place, Journal], None]:
    """What brings a process to a place. Raises `KeyError` for one without an experiment."""
    return REACH.get(point) or REACH[point.partition(".")[0]]


# The experiment.


def run(place: Place, point: str, how: str) -> None:
    """Have a process die (`kill`, `kill@3`) or fail (`error`) at a place. Raises `Broken`."""
    journal = Journal(place.folder / "journal")
    if point.startswith("upgrade."):
        lay_out_the_first(place)
    before = layout(place)
    switch = place.folder / "switch"
    switch.write_text(f"{point}={how}", encoding="utf-8")
    process = context.Process(target=_act, args=(place, point, how, switch, journal))
    process.start()
    process.join(SECONDS)
    expected = -signal.SIGKILL if how.startswith("kill") else 0
    if process.exitcode != expected or switch.exists():
        process.kill()
        raise Broken(f"{point}={how} was not reached: exit code {process.exitcode}")
    if point.startswith("upgrade."):
        check_upgrade(place, point, how, before)
    else:
        check(place, point, journal.acknowledged())
    if point.startswith("backup."):
        check_backup(place, point, how)


def _act(place: Place, point: str, how: str, switch: Path, journal: Journal) -> None:
    armed = {failpoints.VARIABLE: f"{point}={how}", failpoints.SWITCH: str(switch)}
    os.environ.update(armed)  # a command arms its process itself
    failpoints.arm(os.environ)
    reaching(point)(place, journal)


def check(place: Place, point: str, acknowledged: dict[str, str]) -> None:
    """What was acknowledged is there, nothing is half, and the service starts and sells."""
    with Shop(place) as shop:
        if point.startswith("swap."):
            check_live(shop)
        check_all(shop, acknowledged, [*dict.fromkeys([*KEYS, *acknowledged])])
        shop.store.audit().release()  # the dead process's turn would end after two minutes
        before = shop.store.audit().last_checkpoint()
        made = shop.services.checkpoints.make()
        if made.number != 1 + (0 if before is None else before.number):
            raise Broken(f"checkpoint {made.number} follows on {before and before.number}")


def check_backup(place: Place, point: str, how: str) -> None:
    """The backup's name is there only with a whole backup behind it; the next one can be made."""
    backup = place.folder / "backup.db"
    if backup.exists() != (point == "backup.in_place"):
        raise Broken(f"after {point}={how} there is {'a' if backup.exists() else 'no'} backup")
    back_up_to(place, "next.db")
    for each in [backup, place.folder / "next.db"]:
        if each.exists():
            with Shop(Place(f"sqlite:///{each}", place.folder)) as shop:
                report = verify(shop.store, here(shop.store), lambda *_: None)
                if not report.good or report.orders < len(KEYS):
                    raise Broken(f"{each.name} has {report.orders} orders, {report.findings}")


def check_live(shop: Shop) -> None:
    """Each read model has a live generation with what it had: none was begun anew by the start."""
    models = shop.store.read_models()
    for name in PROJECTIONS:
        if models.state(name).position < len(KEYS):
            raise Broken(f"{name} has lost its live generation")


def lay_out_the_first(place: Place) -> None:
    if place.lite:
        layout_1.lay_out_sqlite(str(place.path))
    else:
        layout_1.lay_out_postgres(place.url)


def layout(place: Place) -> int | None:
    """The number of the log's layout."""
    statement = "SELECT value FROM counters WHERE name = 'layout'"
    try:
        if place.lite:
            with closing(sqlite3.connect(place.path)) as connection:
                return connection.execute(statement).fetchone()[0]
        with psycopg.connect(place.url) as connection:
            return connection.execute(statement).fetchone()[0]
    except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
        return None


def check_upgrade(place: Place, point: str, how: str, before: int | None) -> None:
    """The layout is the old one or the new one, whole; the next start has the new one."""
    newest = sqlite_layout.LOG.newest if place.lite else postgres_layout.LAYOUT
    now = layout(place)
    expected = newest if point == "upgrade.after_commit" else before
    if now != expected and "@" not in how:
        raise Broken(f"the layout is {now} after {point}={how}")
    with closing(open_store(place.url)) as store:
        events = [
            (each.originator_id, each.originator_version, each.topic, each.state)
            for each in store.log(0, 10)
        ]
        if events != layout_1.EVENTS or layout(place) != newest:
            raise Broken(f"the upgrade after {point}={how} has lost something")
        if not store.log_id():
            raise Broken("the log has no id")
