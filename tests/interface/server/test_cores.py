"""Processes that answer keep to a core of their own, and no other does."""

import os
from pathlib import Path

import pytest
from server import Service

from interface.server.cores import cores_for

ALL = os.sched_getaffinity(0)


def test_each_process_has_a_core_of_its_own() -> None:
    found = cores_for(len(ALL))
    assert set(found) == ALL


def test_processes_for_which_there_are_too_few_cores_have_none() -> None:
    assert cores_for(len(ALL) + 1) == [None] * (len(ALL) + 1)


def test_services_do_not_all_take_the_same_core() -> None:
    assert {core for _ in range(100) for core in cores_for(1)} == ALL


@pytest.mark.parametrize("pinned", [True, False])
def test_a_server_whose_processes_keep_to_cores(tmp_path: Path, *, pinned: bool) -> None:
    option = "--pinned" if pinned else "--no-pinned"
    database = f"sqlite:///{tmp_path}/orders.db"
    workers = str(len(ALL))
    with Service(database, tmp_path / "log", "--workers", workers, option, "--sample") as service:
        found = [os.sched_getaffinity(pid) for pid in service.workers()]
        behind = os.sched_getaffinity(service.behind())
    assert sorted(map(sorted, found)) == [[core] if pinned else sorted(ALL) for core in sorted(ALL)]
    assert behind == ALL


def test_a_server_says_that_it_has_too_few_cores(tmp_path: Path) -> None:
    workers = str(len(ALL) + 1)
    database = f"sqlite:///{tmp_path}/orders.db"
    with Service(database, tmp_path / "log", "--workers", workers, "--pinned") as service:
        [said] = service.log("not_pinned")
        found = [os.sched_getaffinity(pid) for pid in service.workers()]
    assert said["level"] == "warning"
    assert found == [ALL] * (len(ALL) + 1)
