"""A handful of the experiments with a fixed seed; `python -m tests.faults` has them all."""

import re
from pathlib import Path

import pytest
from experiments import ABSENT, BROKEN, BY_NAME, EXPERIMENTS, HELD, Experiment, perform
from lab import NotHere
from shop import Broken
from table import lines_of

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
ROWS = set(re.findall(r"^\|[^|]*\| `([a-z-]+)` \| (\w+) \|", PAGE.read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("name", ["flip-log", "failpoint-in-service"])
def test_the_promise_holds_on_sqlite(name):
    result = perform(BY_NAME[name], "sqlite", 7)
    assert (result.outcome, result.reason) == (HELD, "")
    assert result.faults


@pytest.mark.parametrize("name", ["cut-wire"])
def test_the_promise_holds_on_postgres(name, server):
    result = perform(BY_NAME[name], "postgres", 7, server)
    assert (result.outcome, result.reason) == (HELD, "")
    assert result.faults


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, HELD), (Broken("two orders"), BROKEN), (OSError("?"), BROKEN), (NotHere("x"), ABSENT)],
)
def test_what_comes_of_an_experiment_is_never_better_than_it_is(error, outcome):
    def run(lab):
        lab.faults += 1
        if error is not None:
            raise error

    result = perform(Experiment("tried", "A promise", ("sqlite",), run), "sqlite", 11)
    assert (result.outcome, result.faults) == (outcome, 1)
    assert "--only tried --store sqlite --seed 11" in result.again
    good = perform(Experiment("tried", "A promise", ("sqlite",), lambda lab: None), "sqlite", 12)
    [line] = lines_of([good, result])
    assert line["result"] == outcome
    assert (line["runs"], line["faults"]) == (2, 1)


def test_the_page_has_a_row_for_every_experiment_and_for_no_other():
    assert {(each.name, store) for each in EXPERIMENTS for store in each.stores} == ROWS
