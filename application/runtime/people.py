"""How people's names, addresses and numbers are written: one form to store, search and compare."""

import unicodedata

JOINERS = frozenset("\u200c\u200d")
"""Invisible, and yet part of how some languages write a name."""


def visible(text: str) -> str:
    """The text in its composed form, without characters that nobody sees."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        each for each in composed if each in JOINERS or unicodedata.category(each) != "Cf"
    ).strip("".join(JOINERS))


def one_line(text: str) -> str:
    """The same, with one space wherever there are some, and none at the ends."""
    return " ".join(visible(text).split())
