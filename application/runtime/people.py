"""How people's names, addresses and numbers are written: one form to store, one to search by.

What is stored stays as it was written, but for what nobody sees. What is searched and compared is
made of that.

The libraries are imported at the first buyer: together they take longer than a start should.
"""

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import phonenumbers

JOINERS = frozenset("\u200c\u200d")
"""Invisible, and yet part of how some languages write a name."""

ENDS = "".join(JOINERS) + " \u00a0"
"""What a text neither begins nor ends with."""

FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks to Unicode, and nothing to the eye."""

WHOLE_NUMBER = 7
"""A number of so many digits is taken for a whole one, a shorter one for the end of one."""

PLAIN_EMAIL = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@[a-z0-9]+(\.[a-z0-9]+)+", re.ASCII)
"""What is searched for as it is written. A hyphen in a domain may stand for letters (`xn--`)."""

BUYERS = 4096
"""An order's row is made anew at each of its events, mostly for the same buyer."""

FORM = 2
"""The number of the searched forms below: read models that have older ones are filled again."""


def visible(text: str) -> str:
    """The text in its composed form, without what nobody sees, and without spaces at its ends."""
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable() and FILLERS.isdisjoint(composed):  # most texts: nothing to look for
        seen = composed
    else:
        seen = "".join(_shown(each) for each in composed)
    return seen.strip(ENDS)


def _shown(each: str) -> str:
    kind = unicodedata.category(each)
    if each in FILLERS or (kind == "Cf" and each not in JOINERS):
        return ""
    return " " if kind in {"Zl", "Zp"} else each


def one_line(text: str) -> str:
    """The same, with one space wherever there are some."""
    return " ".join(visible(text).split())


def email(text: str) -> str:
    """An address as mail systems write it. Raises `ValueError` if it is none.

    A character that nobody sees is taken away: it came with copying, and no mailbox has it.
    """
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - see above

    try:
        # The domains of examples and tests are taken: nobody is asked whether a domain exists.
        found = validate_email(visible(text), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    return found.normalized


def telephone(text: str) -> str:
    """A number with the signs of a keyboard: its spaces, dashes and wide digits in one form."""
    plain = unicodedata.normalize("NFKC", visible(text))
    return "".join("-" if unicodedata.category(each) == "Pd" else each for each in plain)


def searched(text: str) -> str:
    """A text as it is searched for: in any case, and in one form of each letter."""
    folded = unicodedata.normalize("NFKC", one_line(text)).casefold()
    kept = folded
    if not JOINERS.isdisjoint(folded):
        kept = "".join(each for each in folded if each not in JOINERS)
    return " ".join(unicodedata.normalize("NFC", kept).split())


@lru_cache(BUYERS)
def searched_email(text: str) -> str | None:
    """An address, or its beginning, as it is searched for."""
    if not text:  # of most orders nothing is known yet: no library is needed to say so
        return None
    if PLAIN_EMAIL.fullmatch(text):
        return text
    try:
        return searched(email(text))
    except ValueError:
        return searched(text) or None


@lru_cache(BUYERS)
def searched_name(*names: str) -> str | None:
    """Names, the last one first, as they are searched for: by their beginning, in any case."""
    return searched(" ".join(names)) or None


@lru_cache(BUYERS)
def kept_phone(number: str) -> str | None:
    """A number as it is kept to be found: its digits from the last to the first.

    The beginning is written in many ways (+7, 8, 0, without), the end in one. The 0 that leads into
    a country's own network is left out.
    """
    if not number:
        return None
    from phonenumbers import national_significant_number  # noqa: PLC0415 - see above

    known = _international(number)
    if known is not None:
        return f"{known.country_code}{national_significant_number(known)}"[::-1]
    return _digits(number)[::-1] or None


def sought_phone(text: str) -> str | None:
    """A number, or its end, to find numbers that `kept_phone` begins with it.

    It has no country: a number may have been given without it.
    """
    from phonenumbers import national_significant_number  # noqa: PLC0415 - see above

    known = _international(text)
    if known is not None:
        return national_significant_number(known)[::-1]
    return _digits(text)[::-1] or None


def _international(text: str) -> "phonenumbers.PhoneNumber | None":
    """The number with its country, if it is a whole one that says it."""
    import phonenumbers  # noqa: PLC0415 - see above

    number = telephone(text)
    digits = phonenumbers.normalize_digits_only(number)
    if not number.startswith(("+", "00")) or len(digits) < WHOLE_NUMBER:
        return None
    try:
        return phonenumbers.parse(f"+{number.lstrip('+0')}", None)
    except phonenumbers.NumberParseException:
        return None


def _digits(text: str) -> str:
    from phonenumbers import normalize_digits_only  # noqa: PLC0415 - see above

    digits = normalize_digits_only(telephone(text))
    return (digits.lstrip("0") or digits) if len(digits) >= WHOLE_NUMBER else digits
