"""Template filters for texts, numbers, money and moments, in the visitor's language."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, g
from markupsafe import Markup

from application.bootstrap import Services
from application.runtime.clock import written
from interface.console.language import LANGUAGES, exactly
from interface.console.page_session import zone


def register(routes: Blueprint, _: Services) -> None:
    """Register the filters for all templates."""

    @routes.context_processor
    def to_write_with() -> dict[str, Any]:
        return {
            "language": g.language,
            "languages": LANGUAGES,
            "say": g.language.say,
            "count": g.language.count,
            "number": g.language.number,
            "money": money,
            "when": when,
            "minute": minute,
            "minute_at": minute_at,
            "zone": zone().key,
        }


def when(at: datetime | str | None) -> str:
    """A moment to the second in the visitor's time zone, with the exact one in UTC as its title."""
    return _time(at, g.language.moment)


def minute(at: datetime | str | None) -> str:
    """A moment to the minute, in the same way."""
    return _time(at, g.language.minute)


def minute_at(at: datetime, place: ZoneInfo) -> str:
    """A moment to the minute by the clock of a place."""
    return _time(at, g.language.minute, place)


def money(amount: Decimal | str) -> str:
    """An amount of money."""
    return str(g.language.money(amount))


def _time(at: datetime | str | None, write: Any, place: ZoneInfo | None = None) -> str:
    if at is None:
        return "—"
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        written(moment), exactly(moment), write(moment, place or zone())
    )
