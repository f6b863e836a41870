"""The call /v1/sandbox/clock: moves the clock of the caller's partner, and nobody else's."""

from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any, TypedDict

import msgspec
from marshmallow import Schema, fields, validate
from msgspec import Meta

from application.bootstrap import Services
from application.catalog.access import Caller
from application.catalog.sandbox_clock import ClockTooFar, SandboxClock
from application.catalog.scopes import ORDERS_WRITE
from application.documents.fields import Moment as WrittenMoment
from application.orders.expiry import sweep
from application.projector.read_your_writes import ModelBehind, wait_until_shown
from application.read_models.holds import TABLE as HOLDS
from application.runtime.clock import MILLISECOND, written
from interface.http import headers, problems
from interface.http.body import load_body, load_query
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.errors import BadRequest
from interface.http.exchange import Incoming, Outgoing, json_answer
from interface.http.input_fields import Moment
from interface.http.schemas import NothingIn

LONGEST_TEXT = 64


class ClockIn(Schema):
    """Where the clock goes: forward by a time, or to a moment; one of the two."""

    forward = fields.String(
        validate=validate.Length(1, LONGEST_TEXT),
        metadata={
            "description": "How far forward from its present: an ISO 8601 duration of weeks, days,"
            " hours, minutes and seconds."
        },
    )
    at = Moment(metadata={"description": "The moment that it shows now, and goes on from."})


class ClockDocument(TypedDict):
    """A partner's clock in the sandbox."""

    now: Annotated[WrittenMoment, Meta(description="What it shows now.")]
    ahead: Annotated[
        str,
        Meta(description="How far it is ahead of the service's: an ISO 8601 duration; may be < 0."),
    ]
    moved: Annotated[bool, Meta(description="Whether it was moved.")]


CLOCK_IN = ClockIn()
NOTHING_IN = NothingIn()
ANSWERS = {
    200: Good("The clock as it is now.", ClockDocument, headers=(headers.SANDBOX_CLOCK,)),
}

READ_CLOCK = Operation(
    tag="sandbox",
    summary="Read the partner's clock",
    says="What the clock of the caller's partner shows.",
    query=NOTHING_IN,
    answers=ANSWERS,
)
MOVE_CLOCK = Operation(
    scopes=(ORDERS_WRITE,),
    tag="sandbox",
    summary="Move the partner's clock",
    says="Moves the clock of the caller's partner, forward or to a moment. Holds of its orders that"
    " have ended by it are recorded as ended when the answer comes. Back in time, orders keep the"
    " events that they have: a new event is never earlier than the last one of its order.",
    query=NOTHING_IN,
    body=CLOCK_IN,
    answers=ANSWERS,
    refuses=(
        *problems.OF_A_BODY,
        *problems.OF_A_BODY_ON_ITS_WAY,
        problems.FORWARD_OR_AT,
        problems.BAD_DURATION,
        problems.CLOCK_TOO_FAR,
    ),
)
RESET_CLOCK = Operation(
    scopes=(ORDERS_WRITE,),
    tag="sandbox",
    summary="Set the partner's clock back to now",
    says="The clock of the caller's partner is the service's again.",
    query=NOTHING_IN,
    answers=ANSWERS,
)


class AboutClock(msgspec.Struct, frozen=True):
    """What the calls need: the services, and their clock as the sandbox's."""

    services: Services
    clock: SandboxClock


CLOCK = Calls("sandbox_clock", "/v1/sandbox/clock")


@CLOCK.get("", READ_CLOCK)
def read_clock(incoming: Incoming, about: AboutClock) -> Outgoing:
    """Read the clock of the caller's partner."""
    load_query(incoming, NOTHING_IN)
    return _shown(about, incoming.caller)


@CLOCK.post("", MOVE_CLOCK)
def move_clock(incoming: Incoming, about: AboutClock) -> Outgoing:
    """Move the clock of the caller's partner."""
    load_query(incoming, NOTHING_IN)
    wanted: dict[str, Any] = load_body(incoming, CLOCK_IN)
    if len(wanted) != 1:
        raise BadRequest("forward_or_at", "Give either forward or at, one of the two.")
    partner = incoming.caller.partner
    try:
        if "at" in wanted:
            about.clock.set(partner, wanted["at"])
        else:
            about.clock.forward(partner, _duration(wanted["forward"]))
    except ClockTooFar as error:
        raise BadRequest("clock_too_far", str(error)) from error
    _end_holds(about.services, incoming.id)
    return _shown(about, incoming.caller)


@CLOCK.delete("", RESET_CLOCK)
def reset_clock(incoming: Incoming, about: AboutClock) -> Outgoing:
    """Set the clock of the caller's partner back to now."""
    load_query(incoming, NOTHING_IN)
    about.clock.reset(incoming.caller.partner)
    _end_holds(about.services, incoming.id)
    return _shown(about, incoming.caller)


def _duration(text: str) -> timedelta:
    """A duration forward. Raises `BadRequest`."""
    try:
        found = msgspec.convert(text, timedelta)
    except msgspec.ValidationError:
        raise BadRequest(
            "bad_duration", "forward is no ISO 8601 duration; write ten minutes as PT10M."
        ) from None
    if found < MILLISECOND:
        raise BadRequest("bad_duration", "forward only goes forward; at goes to any moment.")
    return found


def _end_holds(services: Services, request: str) -> None:
    """Record the ends of holds that are due by the clock as it was moved.

    What the read model does not show in time is left to the sweeper.
    """
    with suppress(ModelBehind):
        position = services.store.last_position()
        wait_until_shown(services.store, HOLDS.name, position, services.settings.wait_seconds)
    sweep(services.queries, services.orders, request)


def _shown(about: AboutClock, caller: Caller) -> Outgoing:
    clock = about.clock
    plain = clock()
    now = clock.seen_by(caller.partner, plain)
    ahead: str = msgspec.to_builtins(now - plain)
    moved = clock.moved(caller.partner) is not None
    return json_answer(ClockDocument(now=written(now), ahead=ahead, moved=moved))
