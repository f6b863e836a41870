"""What the value of an option can be, beside click's own types."""

import math
from datetime import datetime
from typing import Any

import click

MOST_DIGITS = 18
"""How long a position may be: so long that a database can hold it."""


class FiniteRange(click.FloatRange):
    """A number in a range. `nan` is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a value; click's own range lets `nan` through."""
        found = super().convert(value, param, ctx)
        if math.isnan(found):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return found


class Moment(click.ParamType[datetime]):
    """A moment: ISO 8601 with a time zone."""

    name = "TIME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Parse the moment, or report what is wrong with it."""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is no moment; write it as 2026-01-31T18:00:00+03:00.", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value} has no time zone; end it with Z or +03:00.", param, ctx)
        return moment


class Position(click.ParamType[int]):
    """A position of the log, or 0, which is before the first one."""

    name = "POSITION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a position; refuse what is none."""
        if isinstance(value, int):
            return value
        if not (value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS):
            self.fail(f"{value} is no position; the first one is 1.", param, ctx)
        return int(value)
