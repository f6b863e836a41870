"""One of several faults is in a running service: the doctor, metrics and log name that cause alone.

docs/doctor.md has the table by which an operator looks.
"""

import json
import os
import re
import signal
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from file_faults import fill, small_disk
from lab import NotHere
from polling import until as wait
from receiver import receiver_thread
from server import EMPTY_ORDER, ORDERS, serving
from webhook_office import add_webhook, deed

from application.bootstrap import open_store
from application.operations.doctor import background, deliveries
from application.operations.doctor.examination import CHECKS
from interface.cli.main import cli

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
CAUSES, EXAMINED = PAGE.split("## What is examined")
ROWS = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", CAUSES, re.MULTILINE))
until = partial(wait, seconds=30)
LATE_SECONDS = 1.0
OF_THIS_PLACE = {"file system"}
"""Tests may run in memory, which the doctor names as well."""


class Hospital:
    """A service on a small disk, and what is seen of it from outside."""

    def __init__(self, service, disk):
        self.service = service
        self.disk = disk
        self.file = service.database.removeprefix("sqlite:///")
        self.order = service.order()

    def problems(self):
        """What the doctor calls problems, by check."""
        options = ("doctor", "--json", "--database", self.service.database)
        said = CliRunner().invoke(cli, (*options, "--url", self.service.address))
        found = json.loads(said.stdout)["findings"]
        worst = [each for each in found if each["level"] == "problem"]
        return {each["check"]: each["says"] for each in worst if each["check"] not in OF_THIS_PLACE}

    def metric(self, name):
        """The value of a metric; 0 where it is not there."""
        text = self.service.send("GET", "/metrics", {}).content.decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def logged(self, event):
        return self.service.log(event)

    def buy(self):
        return self.service.call("POST", ORDERS, EMPTY_ORDER).status


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    with ExitStack() as stack:
        try:
            disk = stack.enter_context(small_disk(folder / "disk"))
        except NotHere:
            disk = folder / "disk"
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(background, "LATE_SECONDS", LATE_SECONDS)
        patch.setattr(deliveries, "LATE_SECONDS", LATE_SECONDS)
        url = f"sqlite:///{disk / 'orders.db'}"
        options = {"ORDERLOG_WEBHOOKS_TO": "127.0.0.0/8", "ORDERLOG_CHECKPOINT_SECONDS": "1"}
        service = stack.enter_context(serving(url, folder / "log", "--workers", "2", **options))
        yield Hospital(service, disk)


@contextmanager
def full_disk(it):
    if not it.disk.is_mount():
        pytest.skip("a small file system cannot be mounted")
    ballast = it.disk / "ballast"
    fill(ballast)
    until(lambda: it.buy() == 503, "a full disk takes orders")
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def halted_projector(it):
    os.kill(it.service.behind(), signal.SIGSTOP)
    assert it.buy() == 201
    try:
        yield
    finally:
        os.kill(it.service.behind(), signal.SIGCONT)


@contextmanager
def wrong_clock(it):
    file = Path(it.file + "-clock")
    offset = int(file.read_text(encoding="ascii"))
    with file.open("r+") as opened:
        opened.write(f"{offset + 600 * 10**9:24d}")
    try:
        yield
    finally:
        with file.open("r+") as opened:
            opened.write(f"{offset:24d}")


@contextmanager
def hanging_webhook(it):
    async def hangs(received, writer):
        await writer.wait_closed()

    with receiver_thread(hangs) as receiver, closing(open_store(it.service.database)) as store:
        webhook = add_webhook(store, receiver.address())
        assert it.buy() == 201
        try:
            yield
        finally:
            known = store.webhooks().find(webhook.id)
            assert store.webhooks().remove(webhook.id, known.revision, deed())


@contextmanager
def dying_process(it):
    for _ in range(3):
        alive = until(lambda: len(it.service.workers()) == 2 and it.service.workers(), "no process")
        os.kill(alive[-1], signal.SIGKILL)
        until(lambda gone=alive[-1]: gone not in it.service.workers(), "it does not die")
    yield


@contextmanager
def held_lock(it):
    with closing(sqlite3.connect(it.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


FAULTS = {
    "full-disk": (full_disk, {"disk", "writing", "server"}, "disk"),
    "halted-projector": (halted_projector, {"read models"}, "no process has the lease"),
    "wrong-clock": (wrong_clock, {"clock", "server"}, "clock"),
    "hanging-webhook": (hanging_webhook, {"webhooks"}, "behind"),
    "held-lock": (held_lock, {"writing", "server"}, f"process {os.getpid()}"),
    "dying-process": (dying_process, {"server processes"}, "process "),
}
"""The process that died is named for a minute: so that one comes last."""


def names(found, checks, word):
    """Whether these checks have found something, and no other, and each of them says so."""
    return found.keys() == checks and all(word in says for says in found.values())


def test_the_page_has_a_row_for_each_fault():
    assert ROWS.keys() == FAULTS.keys()


def test_the_page_has_a_row_for_each_check():
    [named] = re.findall(r"^\|---.*?\n(.+?)\n\n", EXAMINED, re.MULTILINE | re.DOTALL)
    rows = set(
        re.findall(r"`([a-z ]+)`", "\n".join(re.findall(r"^\| ([^|]+)\|", named, re.MULTILINE)))
    )
    asked = set(CHECKS) | {check for _, checks, _ in FAULTS.values() for check in checks}
    assert asked <= rows


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_no_other(hospital, name):
    inject, checks, word = FAULTS[name]
    until(lambda: not hospital.problems(), f"it is not well before: {hospital.problems()}")
    row = ROWS[name]
    with inject(hospital):
        until(lambda: names(hospital.problems(), checks, word), f"it says {hospital.problems()}")
        for metric in re.findall(r"`(orderlog_[^`]+)`", row):
            until(lambda metric=metric: hospital.metric(metric), f"{metric} shows nothing")
        for event in re.findall(r"`([a-z]+(?:_[a-z]+)+)` in the log", row):
            until(lambda event=event: hospital.logged(event), f"{event} is not in the log")
