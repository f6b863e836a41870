"""A span of time as iCalendar has it (RFC 5545): the text of a VEVENT, to the second, in UTC."""

from datetime import datetime
from functools import lru_cache

KNOWN_SPANS = 4096
AS_DOCUMENTED = {"VALUE": "DATE-TIME"}
"""The documented answers say the kind of value, although it is the usual one."""


@lru_cache(KNOWN_SPANS)
def vevent(start: datetime | None, end: datetime | None) -> str:
    """The text of a VEVENT with CRLF; an open end is left out."""
    import icalendar  # noqa: PLC0415 - takes long to import, and only servers need it

    event = icalendar.Event()
    for name, moment in (("dtstart", start), ("dtend", end)):
        if moment is not None:
            event.add(name, moment, parameters=AS_DOCUMENTED)
    text: bytes = event.to_ical()
    return text.decode()
