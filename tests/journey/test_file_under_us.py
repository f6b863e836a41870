"""Somebody removes or replaces the file of a service that sells."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from polling import until
from server import EMPTY_ORDER, ORDERS, orderlog, serving

pytestmark = pytest.mark.experiment


def test_no_order_is_acknowledged_once_the_file_is_removed(sqlite, log, tmp_path):
    with serving(sqlite, log) as service:
        order = service.order()
        for each in tmp_path.glob("orders.db*"):
            each.unlink()
        answers = [service.call("POST", ORDERS, EMPTY_ORDER) for _ in range(6)]
        assert {answer.status for answer in answers} == {503}
        assert answers[0].body["code"] == "store_unavailable"
        until(
            lambda: service.call("GET", f"{ORDERS}/{order}").status == 503,
            "it goes on showing a dead file",
        )
        until(lambda: service.call("GET", ORDERS).status == 503, "it goes on listing a dead file")
        ready = until(
            lambda: (found := service.call("GET", "/health/ready")).status == 503 and found,
            "it says that it is ready",
        )
        assert "was removed while it was open" in ready.body["checks"]["store"]
        assert service.log("log_file_replaced")[0]["level"] == "error"


def alive(process):
    return Path(f"/proc/{process}").exists()


def test_no_order_is_acknowledged_once_another_file_has_its_place(sqlite, log, tmp_path):
    path = tmp_path / "orders.db"
    backup = tmp_path / "backup.db"
    acknowledged = []
    with serving(sqlite, log) as service:
        acknowledged += [service.order() for _ in range(3)]
        with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(backup)) as copy:
            old.backup(copy)
        backup.replace(path)
        answers = [service.call("POST", ORDERS, EMPTY_ORDER) for _ in range(6)]
        assert {answer.status for answer in answers} == {503}
        workers = [*service.workers(), service.behind()]
        service.process.kill()
        until(lambda: not any(map(alive, workers)), "its processes do not end")
    wal = Path(f"{path}-wal")
    if wal.exists() and wal.stat().st_size:  # what was left in it is of the file that is gone
        refused = orderlog("order", "history", acknowledged[0], "--database", sqlite)
        assert refused.returncode == 1
        assert "was written for another file" in refused.stderr
        for side in ("-wal", "-shm"):
            Path(f"{path}{side}").unlink()
    for order in acknowledged:
        assert orderlog("order", "history", order, "--database", sqlite).returncode == 0
