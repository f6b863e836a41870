"""docs/metrics.md names every metric that there is, and its rules only such."""

import re

import yaml
from prometheus_client.parser import text_string_to_metric_families
from source import ROOT

from application.operations.metrics import CheckpointFigures, Figures, ModelFigures
from application.ports.integrity_records import Verification
from application.runtime.restart_figures import RestartFigures
from interface.http.metrics import exposition

PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
EVERYTHING = Figures(
    position=9,
    clock_skew=0.5,
    models=[
        ModelFigures(
            name="orders",
            position=7,
            behind=2,
            late=0.5,
            stopped=True,
            stopped_since=1,
            rebuilding=True,
        )
    ],
    holds_due=1,
    verification=Verification(1, 1, 1, 1, 1, 1),
    log_went_back=True,
    wal_bytes=1,
    waiting={"underpaid": 1},
    checkpoint=CheckpointFigures(1, 1.0, 1),
)
EXPOSITION = exposition(
    EVERYTHING, [(0, RestartFigures())], notices=[("card/GATE", "kept", 1)]
).decode()
NAME = re.compile(r"orderlog_\w+")


def exposed():
    families = text_string_to_metric_families(EXPOSITION)
    return {sample.name for family in families for sample in family.samples}


def test_the_page_has_every_metric_and_no_other():
    assert re.findall(r"^\| `(orderlog_\w+)` \|", PAGE, re.MULTILINE) == list(
        dict.fromkeys(NAME.findall(EXPOSITION))
    )


def test_the_rules_ask_for_metrics_that_there_are():
    [rules] = (
        each for each in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "alert" in each
    )
    [group] = yaml.safe_load(rules)["groups"]
    assert len(group["rules"]) == 8
    for rule in group["rules"]:
        asked = set(NAME.findall(rule["expr"]))
        assert asked
        assert asked <= exposed()
