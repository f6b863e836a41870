"""A process dies, and an error comes, at each step that writes; what stands then is whole."""

import os
import re
import subprocess
import sys
from pathlib import Path

import failpoint_runs
import pytest
from databases import a_database
from shop import Place

from application.runtime import failpoints
from application.runtime.failpoints import ERROR, KILL, POINTS, Injected, reach

ROOT = Path(__file__).parents[2]
CALL = re.compile(r'\breach\(\s*"([^"]+)"')
LITE = [point for point in POINTS if failpoint_runs.ON_ONE_STORE.get(point) != "postgres"]
FAILING = [each for each in LITE if each.endswith((".before_commit", ".signed", ".verified"))]
SAMPLE = ["append.before_commit", "append.sent", "append.after_commit", "swap.before_commit"]
"""On PostgreSQL; `python -m tests.faults` has the others."""


SOME = {(each, KILL) for each in ("append.before_commit", "append.after_commit", "swap.finished")}
"""The suite that a developer waits for has these, on each store that reaches them."""


def each_of(pairs):
    """All of them; those beyond the few are experiments."""
    return [
        pytest.param(*pair, marks=() if pair in SOME else pytest.mark.experiment) for pair in pairs
    ]


@pytest.fixture
def place(request, tmp_path):
    with a_database(request.param, request, tmp_path) as url:
        yield Place(url, tmp_path)


@pytest.mark.parametrize(
    ("point", "how"),
    each_of([*((point, KILL) for point in LITE), *((point, ERROR) for point in FAILING)]),
)
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_what_stands_is_whole_on_sqlite(place, point, how):
    failpoint_runs.run(place, point, how)


@pytest.mark.parametrize(
    ("point", "how"), each_of([(point, how) for point in SAMPLE for how in (KILL, ERROR)])
)
@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_what_stands_is_whole_on_postgres(place, point, how):
    failpoint_runs.run(place, point, how)


def test_every_place_in_the_source_is_listed_and_has_an_experiment():
    sources = (ROOT / "application").rglob("*.py")
    found = {name for path in sources for name in CALL.findall(path.read_text(encoding="utf-8"))}
    assert found == set(POINTS)
    assert all(failpoint_runs.reaching(point) for point in POINTS)


def test_nothing_happens_where_no_test_has_switched_it_on():
    assert not failpoints.arm({})
    for point in POINTS:
        reach(point)


@pytest.mark.parametrize("content", [None, "", "append.found=error"])
def test_a_variable_alone_is_refused(tmp_path, content):
    switch = tmp_path / "switch"
    if content is not None:
        switch.write_text(content)
    said = {failpoints.VARIABLE: "append.found=kill", failpoints.SWITCH: str(switch)}
    with pytest.raises(failpoints.FailpointsRefused):
        failpoints.arm(said)
    reach("append.found")


def test_a_service_does_not_start_with_a_variable_that_was_left_over(tmp_path):
    command = [sys.executable, "-m", "interface.cli.main", "serve", "--port", "0"]
    environment = {**os.environ, failpoints.VARIABLE: "append.found=kill"}
    ended = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert failpoints.VARIABLE in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("wanted", ["append.nowhere=kill", "append.found", "append.found=kill@x"])
def test_a_request_that_means_nothing_is_refused(tmp_path, wanted):
    switch = tmp_path / "switch"
    switch.write_text(wanted)
    with pytest.raises(failpoints.FailpointsRefused):
        failpoints.arm({failpoints.VARIABLE: wanted, failpoints.SWITCH: str(switch)})


def test_a_place_fails_once_at_the_visit_that_was_named(tmp_path):
    switch = tmp_path / "switch"
    switch.write_text("append.found=error@2")
    try:
        failpoints.arm(
            {failpoints.VARIABLE: "append.found=error@2", failpoints.SWITCH: str(switch)}
        )
        reach("append.found")
        reach("append.stored")
        with pytest.raises(Injected):
            reach("append.found")
        reach("append.found")
        assert not switch.exists()
    finally:
        failpoints.arm({})
