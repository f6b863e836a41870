"""Maps events to the library's stored events and back.

The stored name is beside the bytes and does not depend on the module of the class.
"""

from typing import Any, cast

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent

from domain.errors import UnknownEvent, UnreadableEvent
from domain.events import STORED, STORED_NAMES, Event

_ENCODER = msgspec.json.Encoder()
DECODERS = {name: msgspec.json.Decoder(cls) for name, cls in STORED.items()}
"""By stored name, the decoder of an event's bytes."""


def event_of(stored: StoredEvent) -> Event:
    """The event that was stored. Raises `UnknownEvent` for a name that is not in the table."""
    return event_from(stored.topic, stored.state, str(stored.originator_id))


def event_from(name: str, state: bytes, order: str) -> Event:
    """The event with this stored name and these bytes. Raises `UnknownEvent`, naming the order."""
    decoder = DECODERS.get(name)
    if decoder is None:
        raise UnknownEvent(name, order)
    try:
        return decoder.decode(state)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableEvent(name, order) from error


class EventMapper(Mapper[str]):
    """The library's mapper, with msgspec in place of its transcoder."""

    def __init__(self) -> None:
        """Needs no arguments: the table of stored names is enough."""

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """The bytes to store for an event."""
        return StoredEvent(
            domain_event.originator_id,
            domain_event.originator_version,
            STORED_NAMES[cast("type[Event]", type(domain_event))],
            _ENCODER.encode(domain_event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The event that was stored."""
        return event_of(stored_event)
