"""Puts facts into the library's stored events and takes them out again.

The stored name stands beside the bytes and does not depend on where the class lives in the code.
"""

from typing import Any, cast

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent

from domain.events import STORED, STORED_NAMES, Fact

_ENCODER = msgspec.json.Encoder()
DECODERS = {name: msgspec.json.Decoder(cls) for name, cls in STORED.items()}
"""By stored name, what reads the bytes of a fact."""


class UnknownFact(Exception):
    """The log has a fact that this version of the service does not know."""


def fact_of(stored: StoredEvent) -> Fact:
    """The fact that was stored. Raises `UnknownFact` for a name that is not in the table."""
    return fact_from(stored.topic, stored.state, str(stored.originator_id))


def fact_from(name: str, state: bytes, order: str) -> Fact:
    """The fact with this stored name and these bytes. Raises `UnknownFact`, naming the order."""
    decoder = DECODERS.get(name)
    if decoder is None:
        raise UnknownFact(f"{name} in order {order}")
    return decoder.decode(state)


class FactMapper(Mapper[str]):
    """The library's mapper, without its transcoder: msgspec writes and reads the bytes."""

    def __init__(self) -> None:
        """Take nothing: the table of stored names is all there is to know."""

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """The bytes to store for a fact."""
        return StoredEvent(
            domain_event.originator_id,
            domain_event.originator_version,
            STORED_NAMES[cast("type[Fact]", type(domain_event))],
            _ENCODER.encode(domain_event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The fact that was stored."""
        return fact_of(stored_event)
