"""The parameters of the feed, and its answers."""

import re
from typing import Annotated, Any, TypedDict

from marshmallow import Schema, ValidationError, fields, validate
from msgspec import Meta

from application.documents.fields import Moment
from application.feed.thin_event import PREFIX, TYPES, CloudEvent
from interface.http.input_fields import OBJECT_ID, Digits

MOST_POSITION = 10**18 - 1
MOST_EVENTS = 1000
USUAL_EVENTS = 100
MOST_WAIT = 60
MOST_NAMED = 100
LOG_STAMP = r"[0-9a-f]{32}(\.[0-9a-f]{16})?"
COMMA = re.compile(" *, *")
ONE_TYPE = f"({re.escape(PREFIX)})?({'|'.join(sorted(e.removeprefix(PREFIX) for e in TYPES))})"
ONE_ID = "[0-9a-fA-F]{24}"


def listed(pattern: str) -> str:
    """What matches one or more of these with commas between."""
    return f"^{pattern}( *, *{pattern})*$"


class Types(fields.String):
    """Types of events with commas between, with or without `orderlog.order.`."""

    def _deserialize(  # type: ignore[override] # a string outside, a set inside
        self, value: Any, *_: Any, **__: Any
    ) -> frozenset[str]:
        named = [PREFIX + each.removeprefix(PREFIX) for each in COMMA.split(value)]
        if unknown := [each for each in named if each not in TYPES]:
            known = ", ".join(sorted(each.removeprefix(PREFIX) for each in TYPES))
            raise ValidationError(f"There is no type {unknown[0]!r}. The types are: {known}.")
        return frozenset(named)


class Ids(fields.String):
    """A few ids with commas between."""

    def _deserialize(  # type: ignore[override] # a string outside, a set inside
        self, value: Any, *_: Any, **__: Any
    ) -> frozenset[str]:
        ids = [each.lower() for each in COMMA.split(value)]
        if len(ids) > MOST_NAMED or not all(OBJECT_ID.match(each) for each in ids):
            raise ValidationError(f"Has to be at most {MOST_NAMED} ids, separated by commas.")
        return frozenset(ids)


def position(description: str, default: int | None) -> Digits:
    """A position of the log."""
    return Digits(
        validate=validate.Range(0, MOST_POSITION),
        load_default=default,
        metadata={"description": description},
    )


class NarrowedIn(Schema):
    """Which events are wanted."""

    types = Types(
        load_default=None,
        metadata={
            "description": "Only events of these types, with commas between: StatusChanged or"
            " orderlog.order.StatusChanged.",
            "pattern": listed(ONE_TYPE),
            "examples": ["OrderCreated,StatusChanged"],
        },
    )
    events = Ids(
        load_default=None,
        metadata={
            "description": "Only orders of these events, by their ids, with commas between.",
            "pattern": listed(ONE_ID),
            "maxLength": MOST_NAMED * 25,
        },
    )
    log = fields.String(
        validate=validate.Regexp(rf"{LOG_STAMP}\Z", error="Is not an X-Feed-Log."),
        load_default=None,
        metadata={"description": "The X-Feed-Log that the position belongs to, to be sure of it."},
    )


class FeedIn(NarrowedIn):
    """From which position, how much, and how long to wait for it."""

    after = position("The position to go on at: the next of the answer before. 0 begins.", 0)
    limit = Digits(
        validate=validate.Range(1, MOST_EVENTS),
        load_default=USUAL_EVENTS,
        metadata={"description": "How many events the answer has at most."},
    )
    wait = Digits(
        validate=validate.Range(0, MOST_WAIT),
        load_default=0,
        metadata={"description": "For how many seconds to wait if there is no event yet."},
    )


class StreamIn(NarrowedIn):
    """From which position, and by which ticket."""

    after = position("The position to go on at, unless there is a Last-Event-ID.", None)
    ticket = fields.String(
        validate=validate.Length(max=200),
        metadata={"description": "A ticket, where no key can be sent."},
    )


class FeedDocument(TypedDict):
    """A page of the feed."""

    events: Annotated[list[CloudEvent], Meta(description="The events, oldest first.")]
    next: Annotated[
        int,
        Meta(
            description="The position to go on at. It may be further on though there is no event."
        ),
    ]


class FeedTicketDocument(TypedDict):
    """A ticket that opens a stream."""

    ticket: Annotated[str, Meta(description="The ticket, for the parameter ticket.")]
    expires_at: Annotated[Moment, Meta(description="Until when a stream can be opened with it.")]
    stream: Annotated[str, Meta(description="The address of the stream, with the ticket.")]
