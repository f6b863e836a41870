"""The console's texts and its formats of numbers, money and moments, in each language."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from flask import Request

from application.runtime.locales import plural_form, written_day, written_money, written_number

LANGUAGES: Mapping[str, str] = {"en": "English", "ru": "Русский"}
"""The languages and their own names. The texts of each are in `texts/`."""

COOKIE = "orderlog_language"


def language_for(request: Request) -> "Language":
    """The chosen language, else the first one that the browser prefers."""
    chosen = request.cookies.get(COOKIE)
    if chosen not in LANGUAGES:
        chosen = request.accept_languages.best_match(list(LANGUAGES), "en")
    return language(str(chosen))


@cache
def language(code: str) -> "Language":
    """A language by its code."""
    text = files("interface.console").joinpath(f"texts/{code}.yaml").read_text(encoding="utf-8")
    return Language(code, yaml.safe_load(text))


class Language:
    """Looks up texts by name, such as `orders.title`."""

    def __init__(self, code: str, texts: Mapping[str, Any]) -> None:
        self.code = code
        self.texts = dict(_flat(texts))

    def say(self, name: str, **values: object) -> str:
        """The text of this name."""
        return str(self.texts[name]).format(**values)

    def count(self, name: str, number: int) -> str:
        """The text of this name in the plural form for a number."""
        return self.say(f"{name}.{plural_form(self.code, number)}", n=self.number(number))

    def knows(self, name: str) -> bool:
        """Whether there is such a text."""
        return name in self.texts

    def number(self, number: int) -> str:
        """A whole number, in groups of three digits."""
        return written_number(self.code, number)

    def money(self, amount: Decimal | str) -> str:
        """An amount, to the cent."""
        return written_money(self.code, Decimal(amount))

    def day(self, day: date) -> str:
        """A day."""
        return written_day(self.code, day)

    def moment(self, at: datetime, zone: ZoneInfo) -> str:
        """A moment, to the second, by the clock of `zone`."""
        local = at.astimezone(zone)
        return f"{self.day(local)}, {local:%H:%M:%S}"

    def minute(self, at: datetime, zone: ZoneInfo) -> str:
        """A moment, to the minute, by the clock of `zone`."""
        local = at.astimezone(zone)
        return f"{self.day(local)}, {local:%H:%M}"


def exactly(at: datetime) -> str:
    """A moment in UTC, to the millisecond."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _flat(texts: Mapping[Any, Any], path: str = "") -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in texts.items():
        if isinstance(value, dict):
            found.update(_flat(value, f"{path}{name}."))
        else:
            found[f"{path}{name}"] = str(value)
    return found
