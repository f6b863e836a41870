"""A language of timelines: its sentences, plurals, moments and spans of time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from string import Formatter
from typing import Any

import msgspec

from application.runtime.locales import plural_form, written_money

SECOND = timedelta(seconds=1)
UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
UNITS_SHOWN = 2
FORMS = {"one": 0, "few": 1, "many": -1}
"""Where the phrases of a language have each plural form."""


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """Everything needed to render a timeline in a language.

    `sentences` and `words` are by key. `counted` has, by key, a phrase for each plural form that
    the language has, in the order of `FORMS`, with # for the number. Spans of time are counted in
    two cases: as they are named ("span"), and as something lasts or lies back ("span_for").
    """

    code: str
    moment: str
    sentences: Mapping[str, str]
    words: Mapping[str, str]
    counted: Mapping[str, Sequence[str]]
    writes: Callable[[datetime], str] | None = None

    def render(self, key: str, **values: Any) -> str:
        """The sentence under `key`, filled with `values`."""
        return _Filler(self).vformat(self.sentences[key], (), values)

    def has(self, key: str) -> bool:
        """Whether there is such a sentence."""
        return key in self.sentences

    def count(self, number: int, key: str) -> str:
        """The phrase under `key` for a number."""
        place = FORMS[plural_form(self.code, number)]
        return self.counted[key][place].replace("#", str(number))

    def at(self, moment: datetime) -> str:
        """A moment, to the second: in UTC, or as `writes` formats it."""
        if self.writes:
            return self.writes(moment)
        return moment.astimezone(UTC).strftime(self.moment)

    def money(self, amount: Decimal) -> str:
        """An amount, as the console and the sandbox write it in this language."""
        return written_money(self.code, amount)

    def span(self, span: timedelta, case: str = "span") -> str:
        """A span of time in its two largest units."""
        seconds = span // SECOND
        if seconds < 1:
            return self.words[f"{case}.moment"]
        parts = []
        for unit, length in UNITS:
            number, seconds = divmod(seconds, length)
            if number:
                parts.append(self.count(number, f"{case}.{unit}"))
        return " ".join(parts[:UNITS_SHOWN])


class _Filler(Formatter):
    """Fills in values; the part after the colon is the format of a value.

    `time` is a moment, `money` an amount, `span` and `span_for` are spans of time, `word` is looked
    up, `words` is a list of such, or a string of them with commas, `clauses` is a list of such that
    are whole clauses; any other is a counted phrase. Rejected requests have moments and amounts as
    text.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self._formats: Mapping[str, Callable[[Any], str]] = {
            "": str,
            "time": self._time,
            "money": lambda value: language.money(Decimal(value)),
            "span": language.span,
            "span_for": lambda value: language.span(value, "span_for"),
            "word": self._word,
            "words": self._words,
            "clauses": lambda value: "; ".join(map(self._word, value)),
        }

    def format_field(self, value: Any, format_spec: str) -> str:
        if write := self._formats.get(format_spec):
            return write(value)
        return self._language.count(value, format_spec)

    def _time(self, value: datetime | str) -> str:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return self._language.at(moment)

    def _word(self, name: str) -> str:
        return self._language.words.get(name, str(name))

    def _words(self, value: str | Sequence[str]) -> str:
        words = value.split(", ") if isinstance(value, str) else value
        return ", ".join(map(self._word, words))
