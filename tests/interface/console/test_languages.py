"""Every text in every language, and how each language writes."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from interface.console.language import LANGUAGES, exactly, language

CONSOLE = Path(__file__).parents[3] / "interface" / "console"
FORMS = {"one", "few", "many"}


def templates():
    found = list((CONSOLE / "templates").rglob("*.html"))
    assert found
    return {each.name: each.read_text(encoding="utf-8") for each in found}


def names(code):
    """The names of texts; the forms of one text count once."""
    return {re.sub(r"\.(one|few|many)$", "", each) for each in language(code).texts}


def test_every_language_says_the_same_things():
    assert names("en") == names("ru")


@pytest.mark.parametrize("code", LANGUAGES)
def test_texts_have_the_same_gaps_in_every_language(code):
    english = language("en")
    for name, text in language(code).texts.items():
        original = english.texts.get(name) or english.texts[re.sub("few$", "many", name)]
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", original)), name


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_that_a_page_asks_for_is_there(code):
    """Names that are put together on the page are known by their beginning."""
    spoken = names(code)
    asked = 0
    for page, text in templates().items():
        for name, more in re.findall(r"(?:say|count)\('([\w.]+?)'( ~)?", text):
            asked += 1
            known = [each for each in spoken if each.startswith(name)] if more else {name} & spoken
            assert known, f"{page}: {name}"
    assert asked > 20


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_is_asked_for_by_somebody(code):
    sources = "".join(templates().values())
    sources += "".join(each.read_text(encoding="utf-8") for each in CONSOLE.rglob("*.py"))
    beginnings = set(re.findall(r"['\"]([\w.]+?)['\"{]", sources))
    for name in names(code):
        parts = name.split(".")
        whole = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
        assert (whole | {f"{each}." for each in whole}) & beginnings, name


def test_no_words_stand_in_a_template():
    for page, text in templates().items():
        unspoken = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", text, flags=re.DOTALL)
        bare = re.sub(r"<[^>]*>", " ", unspoken)
        words = set(re.findall(r"[A-Za-z]{2,}", bare)) - {"Orderlog", "nbsp"}
        assert not words, page


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "1 билет"),
        (2, "2 билета"),
        (5, "5 билетов"),
        (11, "11 билетов"),
        (22, "22 билета"),
        (112, "112 билетов"),
        (1001, "1\u00a0001 билет"),
    ],
)
def test_russian_counts_in_three_forms(number, said):
    assert language("ru").count("count.tickets", number) == said


def test_english_counts_in_two_forms():
    english = language("en")
    assert english.count("count.tickets", 1) == "1 ticket"
    assert english.count("count.tickets", 1200) == "1,200 tickets"


def test_money_and_numbers_are_written_the_way_of_the_language():
    assert language("en").money("1234567.50") == "1,234,567.50"
    assert language("ru").money("1234567.50") == "1\u00a0234\u00a0567,50"


def test_moments_are_written_by_the_clock_of_the_visitor():
    at = datetime(2026, 11, 24, 22, 8, 3, 378000, tzinfo=UTC)
    moscow = ZoneInfo("Europe/Moscow")
    assert language("en").moment(at, moscow) == "25 Nov 2026, 01:08:03"
    assert language("ru").minute(at, ZoneInfo("UTC")) == "24 нояб. 2026, 22:08"
    assert language("ru").day(date(2026, 5, 9)) == "9 мая 2026"
    assert exactly(at.astimezone(moscow)) == "2026-11-24T22:08:03.378Z"
