"""Files that are removed, replaced, cut, flipped, copied and filled under an embedded store."""

import os
import shutil
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path

from lab import Attacked, Lab, NotHere, words
from polling import until
from process_faults import lists_have_all
from server import ORDERS
from shop import Shop, check_log, check_read_models, refuse

from interface.load.rush import opened, put_on_sale

COPIES = 5
DISK = "12m"
FEW_TICKETS = 2000


def files(lab: Lab, pattern: str = "*") -> list[Path]:
    """The database's files, by what follows its name."""
    return sorted(lab.place.path.parent.glob(lab.place.path.name + pattern))


def orders_in(lab: Lab) -> set[str]:
    """The orders that the log has now."""
    with opened(lab.settings) as services:
        return {str(each.originator_id) for each in services.store.log(0, 10_000_000)}


def remove_file(lab: Lab) -> None:
    """`rm orderlog.db*` while serving: nothing is acknowledged that is gone with the file."""
    lab.open()
    with lab.serving() as service, lab.selling(service):
        for each in files(lab):
            each.unlink()
        lab.faults += 1
        _refuses_soon(service)
        service.kill()  # buyers would go on asking for ever


def replace_file(lab: Lab) -> None:
    """A backup is moved over the file while serving."""
    lab.open()
    with lab.serving() as service, lab.selling(service) as crowd:
        copy = lab.place.folder / "copy.db"
        _copy(lab.place.path, copy)
        crowd.goes_on()
        copy.replace(lab.place.path)
        lab.faults += 1
        _refuses_soon(service)
        service.kill()  # buyers would go on asking for ever


def _refuses_soon(service: Attacked) -> None:
    """No order is acknowledged any more, and the service is not ready."""
    answers = [service.buy() for _ in range(6)]
    statuses = Counter(answer and answer.status for answer in answers)
    refuse(201 in statuses and dict(statuses), "orders are acknowledged into a file that is gone")
    until(lambda: service.status("/health/ready") != 200, "it calls itself ready", 10)


def _copy(path: Path, to: Path) -> None:
    """A good copy of a database, by SQLite's own backup."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def restart_on_copy(lab: Lab) -> None:
    """The place of a fail-over: killed, copied file by file, and started again at the copy.

    All files of a service that is dead, its write-ahead logs among them, are a whole database.
    """
    lab.open()
    place = lab.place
    with lab.serving() as service:
        with lab.selling(service) as crowd:
            for number in range(COPIES):
                lab.pause()
                service.kill()
                folder = place.folder / f"copy-{number}"
                folder.mkdir()
                for each in files(lab):
                    shutil.copy2(each, folder)
                lab.at(f"sqlite:///{folder / place.path.name}")
                lab.faults += 1
                service.database = lab.place.url
                service.start()
                crowd.goes_on(5)
        service.stop()
    lab.check(crowd)


def backup_in_sale(lab: Lab) -> None:
    """`orderlog backup` of a database that sells has all that was acknowledged before it."""
    lab.has("backup")
    lab.open()
    with lab.serving() as service:
        with lab.selling(service) as crowd:
            for number in range(COPIES):
                before = {acknowledged.order for acknowledged in crowd.acknowledged_results}
                to = lab.place.folder / f"backup-{number}.db"
                ended = lab.run("backup", "--to", str(to))
                lab.faults += 1
                refuse(ended.returncode and words(ended.stderr), "backup")
                verified = lab.run("audit", "verify", url=f"sqlite:///{to}")
                refuse(verified.returncode not in (0, 3) and words(verified.stdout), "the backup")
                with closing(sqlite3.connect(to)) as copy:
                    has = {
                        row[0] for row in copy.execute("SELECT originator_id FROM orders_events")
                    }
                refuse(before - has, "acknowledged before the backup and not in it")
        service.stop()
    lab.check(crowd)


def older_log(lab: Lab) -> None:
    """An older copy of the log is put back beside newer read models and a newer signer's memory."""
    lab.open()
    with lab.serving() as service, lab.selling(service) as crowd:
        copy = lab.place.folder / "older.db"
        _copy(lab.place.path, copy)
        crowd.goes_on(40)
    service.stop()
    for side in ("-wal", "-shm"):
        Path(f"{lab.place.path}{side}").unlink(missing_ok=True)
    copy.replace(lab.place.path)
    lab.faults += 1
    try:
        service.start()
    except AssertionError:
        refuse(
            "went back" not in service.complaints() and "went_back" not in service.complaints(),
            "silence",
        )
        return
    try:
        said = service.status("/health/ready") != 200 or "log_went_back" in service.complaints()
        if service.buy().status == 201:
            lists_have_all(service)
    finally:
        service.kill()
    refuse(not said, "a log that went back is ready and nothing is said")
    with opened(lab.settings) as services:
        check_read_models(services.store)


def flip_wal(lab: Lab) -> None:
    """A bit of the write-ahead log flips while the service is down after a kill."""
    _harm_wal(lab, _flip)


def cut_wal(lab: Lab) -> None:
    """The write-ahead log is cut while the service is down after a kill."""
    _harm_wal(lab, lambda lab, path: os.truncate(path, lab.dice.randrange(path.stat().st_size)))


def _harm_wal(lab: Lab, harm) -> None:
    """What was acknowledged and is gone is not gone without a word."""
    lab.open()
    with lab.serving() as service, lab.selling(service) as crowd:
        crowd.goes_on(40)
        service.kill()
        path = Path(f"{lab.place.path}-wal")
        if path.exists() and path.stat().st_size:
            harm(lab, path)
            lab.faults += 1
        acknowledged = {acknowledged.order for acknowledged in crowd.acknowledged_results}
        try:
            service.start()
        except AssertionError as reason:
            refuse("Traceback" in str(reason) and str(reason), "it does not start")
            return
        said = service.status("/health/ready") != 200 or "log_went_back" in service.complaints()
    service.kill()
    lost = acknowledged - orders_in(lab)
    verified = lab.run("audit", "verify")
    said = said or verified.returncode == 1
    refuse(lost and not said and f"{len(lost)} orders", "acknowledged and gone without a word")


def _flip(lab: Lab, path: Path) -> None:
    """Flip one bit at any place."""
    with path.open("r+b") as file:
        place = lab.dice.randrange(path.stat().st_size)
        file.seek(place)
        byte = file.read(1)[0] ^ 1 << lab.dice.randrange(8)
        file.seek(place)
        file.write(bytes([byte]))


def flip_log(lab: Lab) -> None:
    """A bit of the log's file flips: it is found by `audit verify`, or it means nothing."""
    with Shop(lab.place) as shop:
        for number in range(30):
            shop.sell(f"key-{number}")
        shop.catch_up()
        shop.services.checkpoints.make()
    with closing(sqlite3.connect(lab.place.path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = _content(lab.place.path)
    _flip(lab, lab.place.path)
    lab.faults += 1
    verified = lab.run("audit", "verify")
    refuse("Traceback" in verified.stderr and words(verified.stderr[-300:]), "a traceback")
    if verified.returncode == 0:
        refuse(_content(lab.place.path) != before, "the log was changed and audit verify says 0")


MEANING = {
    "orders_events": "*",
    "tickets": "id, show_id, set_id, number, seat, order_id, held_till",
    "requests": "*",
    "checkpoints": "*",
}


def _content(path: Path) -> object:
    """All that the log means: its events, its tickets and its answered requests.

    Where a ticket stands in the shuffled order of its set means nothing.
    """
    try:
        with closing(sqlite3.connect(path)) as db:
            return [
                db.execute(f"SELECT {columns} FROM {table} NOT INDEXED").fetchall()
                for table, columns in MEANING.items()
            ]
    except sqlite3.DatabaseError:
        return None


def damage_read_models(lab: Lab) -> None:
    """A read model's file is overwritten: no sale and no start is stopped, lists come back."""
    lab.open()
    with lab.serving() as service:
        with lab.selling(service) as crowd:
            crowd.goes_on(20)
            service.kill()
            models = [each for each in files(lab, "-views*") if each.suffix != ".db-views-rebuild"]
            path = lab.dice.choice([each for each in models if each.stat().st_size > 4096])
            path.write_bytes(lab.dice.randbytes(path.stat().st_size))
            lab.faults += 1
            service.start()
            crowd.goes_on(10)
        lists_have_all(service)
        service.stop()
    lab.check(crowd)


def delete_read_models(lab: Lab) -> None:
    """All read models are deleted while nothing runs; they are filled again."""
    lab.open()
    with lab.serving() as service:
        with lab.selling(service) as crowd:
            service.kill()
            for each in files(lab, "-views*"):
                each.unlink()
            lab.faults += 1
            service.start()
            crowd.goes_on(10)
        lists_have_all(service)
        service.stop()
    lab.check(crowd)


@contextmanager
def small_disk(folder: Path):
    """A file system with room for little. Raises `NotHere` where one may not be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        raise NotHere("a small file system cannot be mounted")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def fill_disk(lab: Lab) -> None:
    """The disk is full: sales are refused, reads and a start go on, and all is well afterwards."""
    disk = lab.keep(small_disk(lab.place.folder / "disk"))
    lab.at(f"sqlite:///{disk / 'orders.db'}")
    lab.key = put_on_sale(lab.settings, FEW_TICKETS)
    with lab.serving() as service:
        with lab.selling(service) as crowd:
            ballast = disk / "ballast"
            fill(ballast)
            lab.faults += 1
            until(lambda: service.buy().status == 503, "a full disk takes orders", 30)
            order = crowd.acknowledged_results[0].order
            read = service.status(f"{ORDERS}/{order}")
            service.kill()
            try:
                service.start()
                started = service.status(f"{ORDERS}/{order}")
            except AssertionError as reason:
                started = str(reason)
            ballast.unlink()
            if not service.alive:
                service.start()
            crowd.goes_on(10)
        service.stop()
    refuse(read != 200 and read, "an order cannot be read on a full disk")
    lab.check(crowd)
    refuse(started != 200 and words(str(started)), "no start on a full disk, not even to read")


def fill(path: Path) -> None:
    with path.open("wb") as file:
        try:
            while True:
                file.write(b"\0" * 65536)
                file.flush()
        except OSError:
            return


def out_of_proof(lab: Lab) -> None:
    """Rows that no event's hash covers are deleted or set back: `audit verify` finds each."""
    changes = {
        "an idempotency record": (
            "DELETE FROM requests WHERE digest IN (SELECT min(digest) FROM requests)"
        ),
        "a ticket": "DELETE FROM tickets WHERE id IN (SELECT min(id) FROM tickets)",
        "the order number": "UPDATE counters SET value = value - 5 WHERE name = 'number'",
    }
    with Shop(lab.place) as shop:
        for number in range(10):
            shop.sell(f"key-{number}")
        shop.catch_up()
        check_log(shop.store)
    whole = lab.place.folder / "whole.db"
    _copy(lab.place.path, whole)
    for what, statement in changes.items():
        _copy(whole, lab.place.path)
        with closing(sqlite3.connect(lab.place.path)) as db, db:
            db.execute(statement)
        lab.faults += 1
        verified = lab.run("audit", "verify")
        refuse(verified.returncode == 0 and what, "audit verify does not notice that is gone")
