"""docs/settings.md says what is set if nothing is, and its file can be read."""

import re

import pytest
from source import ROOT

from application.configuration import CONFIG, read_configuration
from application.settings import TABLE

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
FILE = re.compile(r"```toml\n(.*?)```", re.DOTALL)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for variable in (CONFIG, *(each.variable for each in TABLE.values())):
        monkeypatch.delenv(variable, raising=False)


def test_each_default_in_the_environment_changes_nothing(monkeypatch):
    unset = read_configuration().settings
    for variable, default in re.findall(
        r"^\| `(ORDERLOG_\w+)` \| `([^`]*)` \|", PAGE, re.MULTILINE
    ):
        monkeypatch.setenv(variable, default)
    assert read_configuration().settings == unset


def test_the_file_of_the_page_can_be_read(tmp_path):
    [text] = FILE.findall(PAGE)
    (tmp_path / "orderlog.toml").write_text(text, encoding="utf-8")
    read = read_configuration()
    assert read.settings.workers == 4
    assert read.origins["workers"] == "orderlog.toml:3"
    assert set(read.origins.values()) == {"default", *(f"orderlog.toml:{n}" for n in range(1, 6))}
