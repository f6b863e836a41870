"""docs/events.md names every stored event and every field of it."""

import re

import pytest
from source import ROOT

from domain.events import STORED, STORED_NAMES, Event

PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
CHAPTERS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def test_the_page_has_a_chapter_for_every_event_and_for_no_other():
    assert CHAPTERS.keys() == {name.split(".")[0] for name in STORED}


@pytest.mark.parametrize("kind", STORED.values())
def test_the_page_names_every_field_of_a_event(kind):
    chapter = CHAPTERS[STORED_NAMES[kind].split(".")[0]]
    own = set(kind.__struct_encode_fields__) - set(Event.__struct_encode_fields__)
    assert own
    assert STORED_NAMES[kind] in chapter
    assert own <= set(re.findall(r"`(\w+)`", chapter))


def test_the_page_names_what_every_event_has():
    before_chapters = PAGE.split("\n## ")[0]
    assert set(Event.__struct_encode_fields__) <= set(re.findall(r"`(\w+)`", before_chapters))
