"""docs/security.md guarantees nothing that no test holds."""

import re

import pytest
from source import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([A-Z].+) \| (\[.+) \|$", PAGE, re.MULTILINE)


def chapter(title):
    """The text of a chapter."""
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_guarantees_are_read():
    assert len(ROWS) > 10


@pytest.mark.parametrize("guarantee", ROWS, ids=[row[0][:40] for row in ROWS])
def test_each_guarantee_names_a_test_that_there_is(guarantee):
    named = re.findall(r"\]\(\.\./(tests/[^)]+\.py)\)", guarantee[1])
    assert named
    for each in named:
        assert "\ndef test_" in (ROOT / each).read_text(encoding="utf-8"), each


def test_the_gate_and_its_files_are_as_the_page_says():
    named = set(re.findall(r"`(\.(?:ci|github)/[\w.]+)", PAGE))
    assert {".ci/run", ".ci/lock", ".ci/service.lock", ".github/SECURITY.md"} <= named
    assert [each for each in named if not (ROOT / each).is_file()] == []
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for check in ("ruff", "bandit", "advisories.py"):
        assert check in gate
        assert check.removesuffix("s.py") in chapter("Checks in the gate")


def test_what_a_forge_shows_leads_to_the_page():
    shown = (ROOT / ".github" / "SECURITY.md").read_text(encoding="utf-8")
    assert "../docs/security.md#report-a-weakness" in shown
    assert chapter("Report a weakness")
