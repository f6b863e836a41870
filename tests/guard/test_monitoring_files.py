"""docs/monitoring/ asks for metrics that there are, in words that Prometheus' own tool takes."""

import json
import re
import shutil
import subprocess

import pytest
import yaml
from reference_metrics import everything
from source import ROOT

FOLDER = ROOT / "docs" / "monitoring"
NAME = re.compile(r"orderlog_\w+")
RULES = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
TESTS = yaml.safe_load((FOLDER / "alerts.test.yml").read_text("utf-8"))["tests"]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
PANELS = [each for each in DASHBOARD["panels"] if each["type"] != "row"]
ASKED = [target["expr"] for panel in PANELS for target in panel["targets"]]
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool (prometheus)")
SERIES = frozenset(sample.name for each in everything() for sample in each.samples)


def promtool(*arguments, **more):
    return subprocess.run(
        [PROMTOOL, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False, **more
    )


@pytest.mark.parametrize("expression", [*(rule["expr"] for rule in RULES), *ASKED])
def test_what_is_asked_for_is_there(expression):
    asked = set(NAME.findall(expression))
    assert asked
    assert asked <= SERIES


def test_every_alert_has_a_severity_a_sentence_and_a_test():
    assert all(rule["labels"]["severity"] in {"page", "ticket"} for rule in RULES)
    assert all(rule["annotations"]["summary"] for rule in RULES)
    tested = {test["alertname"] for each in TESTS for test in each["alert_rule_test"]}
    assert tested == {rule["alert"] for rule in RULES}


def test_the_dashboard_can_be_provisioned():
    assert DASHBOARD["uid"] == "orderlog"
    assert "id" not in DASHBOARD
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    sources = {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]}
    assert sources == {"${datasource}"}
    places = {(each["gridPos"]["x"], each["gridPos"]["y"]) for each in DASHBOARD["panels"]}
    assert len(places) == len(ids)
    assert all(each["gridPos"]["x"] + each["gridPos"]["w"] <= 24 for each in DASHBOARD["panels"])


@needs_promtool
def test_the_alerts_come_and_stay_away_as_their_tests_say():
    checked = promtool("check", "rules", "alerts.yml")
    assert checked.returncode == 0, checked.stderr
    tested = promtool("test", "rules", "alerts.test.yml")
    assert tested.returncode == 0, tested.stderr + tested.stdout


@needs_promtool
def test_what_the_dashboard_asks_can_be_asked(tmp_path):
    rules = [
        {"record": f"panel:{number}", "expr": each.replace("$__rate_interval", "5m")}
        for number, each in enumerate(ASKED)
    ]
    file = tmp_path / "dashboard.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), "utf-8")
    checked = promtool("check", "rules", str(file))
    assert checked.returncode == 0, checked.stderr


@needs_promtool
def test_an_alert_that_does_not_come_is_seen(tmp_path):
    """The tests of the rules can fail."""
    for name in ("alerts.yml", "alerts.test.yml"):
        text = (FOLDER / name).read_text("utf-8").replace("orderlog_store_up == 0", "vector(0) > 1")
        (tmp_path / name).write_text(text, "utf-8")
    assert promtool("test", "rules", str(tmp_path / "alerts.test.yml")).returncode != 0
