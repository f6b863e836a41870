"""Processes that answer keep to a core of their own while others leave it alone; no other does."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from polling import until
from server import Service

from interface.server import cores
from interface.server.cores import CoreAffinity, cores_for, move_to

ALL = os.sched_getaffinity(0)
CORE = min(ALL)
SPIN = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"


def test_each_process_has_a_core_of_its_own() -> None:
    found = cores_for(len(ALL))
    assert set(found) == ALL


def test_processes_for_which_there_are_too_few_cores_have_none() -> None:
    assert cores_for(len(ALL) + 1) == [None] * (len(ALL) + 1)


def test_services_do_not_all_take_the_same_core() -> None:
    assert {core for _ in range(100) for core in cores_for(1)} == ALL


@pytest.fixture
def times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file with what the cores have done, in place of the machine's."""
    path = tmp_path / "stat"
    monkeypatch.setattr(cores, "PROCESSOR_TIMES", path)
    monkeypatch.setattr(cores, "RETURNS_AFTER", 0.5)
    use(path, dict.fromkeys(ALL, 0.0))
    yield path
    move_to(ALL)


def use(path: Path, seconds: dict[int, float]) -> None:
    """Let each core have been busy for so many seconds."""
    ticks = {core: round(each * os.sysconf("SC_CLK_TCK")) for core, each in seconds.items()}
    lines = [f"cpu{core} {each} 0 0 999 0 0 0 0 0 0" for core, each in ticks.items()]
    path.with_suffix(".new").write_text("\n".join(["cpu  0 0 0 0 0 0 0 0 0 0", *lines, "intr 0"]))
    path.with_suffix(".new").rename(path)


def test_a_process_leaves_its_core_while_others_use_it_and_returns_later(times: Path) -> None:
    affinity = CoreAffinity(CORE)
    assert os.sched_getaffinity(0) == {CORE}
    affinity.start()
    begun = time.monotonic()

    def left() -> bool:
        use(times, {core: 2 * (time.monotonic() - begun) * (core == CORE) for core in ALL})
        return os.sched_getaffinity(0) == ALL

    try:
        until(left, "it stays")
        until(lambda: os.sched_getaffinity(0) == {CORE}, "it does not return")
    finally:
        affinity.stop()


def test_a_process_stays_while_others_use_the_other_cores(times: Path) -> None:
    affinity = CoreAffinity(CORE)
    affinity.start()
    begun = time.monotonic()
    try:
        while (past := time.monotonic() - begun) < 0.5:
            use(times, {core: past * (core != CORE) for core in ALL})
            assert os.sched_getaffinity(0) == {CORE}
            time.sleep(0.01)
    finally:
        affinity.stop()


def is_free(pid: int) -> bool:
    return os.sched_getaffinity(pid) == ALL


@pytest.mark.parametrize("pinned", [True, False])
def test_a_server_leaves_its_cores_to_others(tmp_path: Path, *, pinned: bool) -> None:
    option = "--pinned" if pinned else "--no-pinned"
    database = f"sqlite:///{tmp_path}/orders.db"
    workers = str(len(ALL))
    busy = [subprocess.Popen([sys.executable, "-c", SPIN, str(core)]) for core in ALL]
    try:
        with Service(
            database, tmp_path / "log", "--workers", workers, option, "--sample"
        ) as serves:
            for pid in [*serves.workers(), serves.behind()]:
                until(partial(is_free, pid), "it stays")
            named = [each["core"] for each in serves.log("pinned")]
    finally:
        for each in busy:
            each.kill()
            each.wait()
    assert sorted(named) == (sorted(ALL) if pinned else [])


def test_a_server_with_too_few_cores_uses_all(tmp_path: Path) -> None:
    workers = str(len(ALL) + 1)
    database = f"sqlite:///{tmp_path}/orders.db"
    with Service(database, tmp_path / "log", "--workers", workers) as service:
        found = [os.sched_getaffinity(pid) for pid in service.workers()]
        assert not service.log("pinned")
    assert found == [ALL] * (len(ALL) + 1)
