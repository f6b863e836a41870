"""The pages that are written by the code are as the code is now, and every page is in a chapter."""

import pytest
import yaml
from pictures import IMAGES, PICTURES
from reference_pages import DOCS, PAGES, PART
from reference_tables import TABLES, page_with
from source import ROOT

SITE = (ROOT / "interface" / "guide" / "site.yml").read_text(encoding="utf-8")
CHAPTERS = yaml.safe_load(SITE[SITE.index("\nnav:") :])["nav"]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_code_writes(name):
    """If this fails: python tests/support/reference_pages.py."""
    [written] = PART.findall((DOCS / name).read_text(encoding="utf-8"))
    assert written == PAGES[name]()
    assert written.count("\n| `") > 80


@pytest.mark.parametrize(("page", "name"), TABLES)
def test_the_table_of_a_page_is_that_of_the_code(page, name):
    """If this fails: python tests/support/reference_tables.py."""
    path = DOCS / page
    assert path.read_text(encoding="utf-8") == page_with(path, name, TABLES[page, name]())


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_is_what_the_code_draws(name):
    """If this fails: python tests/support/pictures.py."""
    assert (IMAGES / name).read_text(encoding="utf-8") == PICTURES[name]()
    shown = [each.read_text(encoding="utf-8") for each in DOCS.rglob("*.md")]
    assert any(f"(images/{name})" in each for each in shown)


def pages_of(chapter):
    if isinstance(chapter, str):
        yield chapter
    else:
        for each in chapter.values() if isinstance(chapter, dict) else chapter:
            yield from pages_of(each)


def test_every_page_is_in_a_chapter_of_the_guide():
    """If this fails: name the page in interface/guide/site.yml, where its readers look."""
    named = list(pages_of(CHAPTERS))
    pages = {each.relative_to(DOCS).as_posix() for each in DOCS.rglob("*.md")}
    folders = {each.removesuffix("*") for each in named if each.endswith("/*")}
    missing = {each for each in pages - set(named) if not each.startswith(tuple(folders))}
    assert missing == set()
    assert len(named) == len(set(named))
