"""Prints what others have written: nothing in it is markup, and none of it steers a terminal."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters (of them, an escape begins a sequence), and those that turn the direction."""

SHOWN_AS = "\ufffd"


class SafeConsole(Console):
    """A console that shows text as it is. Styles are given by `Text`, never in the text."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Every piece of text, without what steers a terminal."""
        for segment in super().render(renderable, options):
            if segment.control is None and STEERS.search(segment.text):
                yield Segment(safe(segment.text), segment.style)
            else:
                yield segment


def safe(text: str) -> str:
    """A text without what steers a terminal."""
    return STEERS.sub(SHOWN_AS, text)


def safe_json(document: Any) -> str:
    """A document as JSON, in which such characters are escaped."""
    text = msgspec.json.format(msgspec.json.encode(document)).decode()
    return re.sub(STEERS.pattern, lambda found: f"\\u{ord(found[0]):04x}", text)
