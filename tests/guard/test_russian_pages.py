"""A page in Russian says what the English one says: its chapters, tables and code are as many."""

import re

import pytest
from source import ROOT

DOCS = ROOT / "docs"
RUSSIAN = sorted((DOCS / "ru").glob("*.md"))
CODE = re.compile(r"^```\w*\n.*?^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^(?: {4}.*\n)+", re.MULTILINE)
NAME = re.compile(r"^\| (`[^|]+`) \|", re.MULTILINE)
WRITTEN = re.compile(r"\| code \| status \|.*?(?=^## |^<!-- end)", re.MULTILINE | re.DOTALL)
"""The tables that the code writes are in English only; the Russian page leads to them."""


def outline(text):
    """The levels of a page's headings, and the rows of tables below each."""
    text = WRITTEN.sub("", CODE.sub("", text))
    return re.findall(r"^(#+(?= )|\|(?=[^\n]*$))", text, re.MULTILINE)


def names(text):
    """What the rows of tables are about, where that is a name: a call, a field, a code."""
    return NAME.findall(WRITTEN.sub("", CODE.sub("", text)))


def of_both(page):
    return page.read_text("utf-8"), (DOCS / page.name).read_text(encoding="utf-8")


def test_there_are_pages_to_compare():
    assert {"tutorial.md", "errors.md", "http-api.md"} <= {each.name for each in RUSSIAN}


@pytest.mark.parametrize("page", RUSSIAN, ids=lambda page: page.name)
def test_both_have_the_same_chapters_and_rows(page):
    russian, english = of_both(page)
    assert outline(russian) == outline(english)
    assert names(russian) == names(english)


@pytest.mark.parametrize("page", RUSSIAN, ids=lambda page: page.name)
def test_both_have_the_same_code(page):
    russian, english = of_both(page)
    assert CODE.findall(russian) == CODE.findall(english)
    assert INDENTED.findall(CODE.sub("", russian)) == INDENTED.findall(CODE.sub("", english))


@pytest.mark.parametrize("page", RUSSIAN, ids=lambda page: page.name)
def test_each_leads_to_the_other(page):
    russian, english = of_both(page)
    assert f"[English](../{page.name})" in russian
    assert f"[По-русски](ru/{page.name})" in english
