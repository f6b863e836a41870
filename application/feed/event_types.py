"""The types of the feed's events, each with a sentence about what happened."""

import inspect
from collections.abc import Mapping
from types import MappingProxyType

from application.feed.thin_event import type_of
from domain.events import STORED

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        type_of(name): (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")
        for name, kind in reversed(list(STORED.items()))
    }
)
"""A sentence for each type; if it has several versions, that of the first."""
