"""Checks the chain of one order: as it is stored, and against what was recorded of it."""

import struct
from collections.abc import Iterator, Sequence

import msgspec

from application.event_log.event_mapper import DECODERS, event_from
from application.event_log.hash_chain import HASH_BYTES, genesis, link, link_of_bytes
from application.integrity.findings import Finding, Kind
from application.integrity.merkle_tree import position_digest_of
from application.ports.integrity_records import Head, LinkRow
from domain.errors import UnknownEvent
from domain.events import Event

UNREADABLE = (KeyError, struct.error, UnicodeError, msgspec.MsgspecError)


class Checked(msgspec.Struct, kw_only=True):
    """An order's events with their positions, and the findings about them.

    `whole` is whether its state follows from them: none is missing or unreadable. `counted` is
    whether none of them is beyond any position that it is compared at.
    """

    order: str
    rows: Sequence[LinkRow]
    events: list[Event] = msgspec.field(default_factory=list)
    positions: list[int] = msgspec.field(default_factory=list)
    findings: list[Finding] = msgspec.field(default_factory=list)
    whole: bool = True
    counted: bool = False

    def count(self, till: int) -> int:
        """The number of events with positions up to `till`."""
        positions = self.positions
        if self.counted or positions[-1] <= till:
            return len(positions)
        return sum(position <= till for position in positions)

    def head(self, count: int) -> Head:
        """The head of the stored chain after its first `count` events."""
        last = self.rows[count - 1]
        return Head(self.order, last[1], last[5], position_digest_of(self.positions[:count]))


def check_chain(order: str, rows: Sequence[LinkRow]) -> Checked:
    """Check that the events of an order, sorted by version, form a chain."""
    events = sound_events(order, rows)
    if events is not None:
        return Checked(order=order, rows=rows, events=events, positions=[row[4] for row in rows])
    return _named_faults(order, rows)


def sound_events(order: str, rows: Sequence[LinkRow]) -> list[Event] | None:
    """The events of an order, if nothing is wrong with them: a quick check for most orders."""
    events: list[Event] = []
    own, expected, position = genesis(order), 0, 0
    try:
        id_bytes = order.encode()
        for _, version, name, state, place, kept in rows:
            expected += 1
            own = link_of_bytes(own, id_bytes, version, name.encode(), state)
            event = DECODERS[name].decode(state)
            if (
                own != kept
                or version != expected
                or place <= position
                or event.originator_version != version
                or event.originator_id != order
            ):
                return None
            events.append(event)
            position = place
    except UNREADABLE:
        return None
    return events


def _named_faults(order: str, rows: Sequence[LinkRow]) -> Checked:
    checked = Checked(order=order, rows=rows)
    previous: bytes | None = genesis(order)
    expected, position = 1, 0
    for row in rows:
        _, version, name, state, place, own = row
        checked.positions.append(place)
        fault = None
        if version != expected:
            checked.findings.append(_missing(order, expected, version - 1))
            checked.whole, previous = False, None
        if previous is not None and _link(previous, row) != own:
            fault = _changed(row, version)
        event = _read(order, name, state)
        if event is None:
            checked.whole = False
            fault = fault or _unreadable(row)
        else:
            checked.events.append(event)
            if event.originator_version != version or event.originator_id != order:
                fault = _elsewhere(row, event)
        if place <= position:
            fault = fault or _out_of_order(row)
        if fault is not None:
            checked.findings.append(fault)
        previous, expected, position = own, version + 1, max(position, place)
    return checked


def _link(previous: bytes, row: LinkRow) -> bytes | None:
    """The hash that an event should have; None where its fields cannot be those of an event."""
    order, version, name, state, _, _ = row
    try:
        return link(previous, order, version, name, state)
    except (struct.error, UnicodeEncodeError):
        return None


def _read(order: str, name: str, state: bytes) -> Event | None:
    try:
        return event_from(name, state, order)
    except UnknownEvent:
        return None


def _missing(order: str, first: int, last: int) -> Finding:
    which = f"Version {first} is" if first == last else f"Versions {first} to {last} are"
    return Finding(Kind.MISSING, f"{which} missing.", order, first)


def _changed(row: LinkRow, version: int) -> Finding:
    order, _, name, _, place, own = row
    if len(own) != HASH_BYTES:
        says = f"The event {name} has no hash: it was not written by this service."
        return Finding(Kind.INSERTED, says, order, version, place)
    says = f"The event {name} does not have its hash: its bytes, its name or its place were changed"
    says += ", or those of the event before it." if version > 1 else "."
    return Finding(Kind.CHANGED, says, order, version, place)


def _unreadable(row: LinkRow) -> Finding:
    order, version, name, _, place, _ = row
    return Finding(Kind.UNREADABLE, f"The event {name} cannot be read.", order, version, place)


def _elsewhere(row: LinkRow, event: Event) -> Finding:
    order, version, name, _, place, _ = row
    says = (
        f"The event {name} says that it is version {event.originator_version}"
        f" of order {event.originator_id}."
    )
    return Finding(Kind.REORDERED, says, order, version, place)


def _out_of_order(row: LinkRow) -> Finding:
    order, version, _, _, place, _ = row
    says = "It has a position before that of an earlier version."
    return Finding(Kind.REORDERED, says, order, version, place)


def check_recorded(checked: Checked, seen: Head | None, recorded: int) -> Iterator[Finding]:
    """Compare an order with what was recorded of the log up to the position `recorded`."""
    count = checked.count(recorded)
    if seen is None:
        if count:
            last = checked.rows[0]
            says = "The order was not there when the log was recorded up to its position."
            yield Finding(Kind.INSERTED, says, checked.order, last[1], last[4])
        return
    kept = [row[1] for row in checked.rows[:count]]
    absent = [version for version in range(1, seen.version + 1) if version not in kept]
    known = {each.version for each in checked.findings if each.kind is Kind.MISSING}
    if absent:
        if not known:
            yield _missing(checked.order, absent[0], absent[-1])
        return
    if count > seen.version:
        row = checked.rows[seen.version]
        says = "The event was not there when the log was recorded up to its position."
        yield Finding(Kind.INSERTED, says, checked.order, row[1], row[4])
        return
    row = checked.rows[count - 1]
    if row[5] != seen.hash:
        says = (
            "The hash is not the one that was recorded: this event or one before it was changed,"
            " and the hashes from there on were made anew."
        )
        yield Finding(Kind.REWRITTEN, says, checked.order, row[1], row[4])
    elif position_digest_of(checked.positions[:count]) != seen.position_digest:
        says = "The events had other positions when they were recorded."
        yield Finding(Kind.REORDERED, says, checked.order, row[1], row[4])


def gone(seen: Head) -> Finding:
    """The finding for an order that was recorded and is missing."""
    last = "its only event" if seen.version == 1 else f"all its {seen.version} events"
    return Finding(Kind.MISSING, f"The order is missing, with {last}.", seen.order, 1)
