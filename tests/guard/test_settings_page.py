"""docs/settings.md names every setting with its default."""

import re

import pytest
from source import ROOT

from application.settings import Settings, read_settings

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `ORDERLOG_(\w+)` \| `([^`]*)` \|", PAGE, re.MULTILINE))
SETTINGS = {name.upper(): getattr(Settings(), name) for name in Settings.__struct_fields__}


def test_the_page_has_a_line_for_every_setting_and_for_no_other():
    assert ROWS.keys() == SETTINGS.keys()


@pytest.mark.parametrize("name", SETTINGS)
def test_the_page_tells_the_default(name, monkeypatch):
    """The default as the page writes it is what the service has when it reads nothing."""
    for each in SETTINGS:
        monkeypatch.delenv(f"ORDERLOG_{each}", raising=False)
    unset = read_settings()
    monkeypatch.setenv(f"ORDERLOG_{name}", ROWS[name])
    assert read_settings() == unset
