"""Plurals, numbers and dates are those of the language, wherever they are shown."""

from datetime import date
from decimal import Decimal

import pytest

from application.orders.timeline.timeline import LANGUAGES
from application.runtime.locales import plural_form, written_day, written_money, written_number
from interface.console.language import language

NUMBERS = (0, 1, 2, 5, 11, 21, 1000)


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("en", ["many", "one", "many", "many", "many", "many", "many"]),
        ("ru", ["many", "one", "few", "many", "many", "one", "many"]),
    ],
)
def test_a_number_takes_the_form_that_the_language_has_for_it(code, forms):
    assert [plural_form(code, number) for number in NUMBERS] == forms


def test_timelines_and_pages_count_alike():
    for number in (1, 2, 5, 21):
        said = LANGUAGES["ru"].count(number, "ticket")
        assert language("ru").count("count.tickets", number) == said


def test_numbers_money_and_days_are_written_as_people_there_write_them():
    assert written_number("en", 1234567) == "1,234,567"
    assert written_money("ru", Decimal("1234.5")) == "1\u00a0234,50"
    assert written_day("en", date(2026, 11, 29)) == "29 Nov 2026"
    assert written_day("ru", date(2026, 3, 1)) == "1 мар. 2026"
