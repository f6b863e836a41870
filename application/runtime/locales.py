"""Plurals, numbers and dates of the languages that are spoken, by the CLDR data of babel."""

import re
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

DAY = "d MMM y"
MONEY = "#,##0.00"
KEPT = 4096
"""How many written numbers and amounts are kept: a page of lists has hundreds, many the same."""


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


def plural_form(code: str, number: int) -> str:
    """The form that a number takes: `one`, `few` or `many`, as far as the language has them."""
    form = _locale(code).plural_form(number)
    return "many" if form == "other" else form


@lru_cache(maxsize=KEPT)
def written_number(code: str, number: int) -> str:
    """A whole number, in groups of three digits."""
    return format_decimal(number, locale=_locale(code))


@lru_cache(maxsize=KEPT)
def written_money(code: str, amount: Decimal) -> str:
    """An amount, to the cent."""
    return format_decimal(amount, MONEY, locale=_locale(code))


def written_day(code: str, day: date) -> str:
    """A day, with the month's name cut short."""
    return format_date(day, DAY, locale=_locale(code))


TWO_LETTERS = re.compile(r"[A-Z]{2}")
NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""What CLDR names by two letters besides countries and territories."""


@cache
def countries() -> frozenset[str]:
    """The two capital letters of each country and territory."""
    named = {str(each) for each in _locale("en").territories}
    return frozenset(filter(TWO_LETTERS.fullmatch, named)) - NO_COUNTRIES
