"""The schemas of what comes in about webhooks: bodies and queries."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from application.feed.thin_event import PREFIX, TYPES
from application.ports.webhooks import WebhookState
from application.webhooks.address_form import MOST_CHARACTERS
from application.webhooks.commands import ChangeWebhook, DeliveryFilter, NewWebhook, SendAgain
from interface.http.feed_schemas import MOST_NAMED, MOST_POSITION, ONE_TYPE
from interface.http.input_fields import (
    Count,
    Digits,
    Flag,
    MomentRange,
    ObjectId,
    Some,
    TrueOrFalse,
    Yes,
)
from interface.http.schemas import usual_page_size

BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)
LISTS = frozenset({"types", "shows"})
END = datetime(9999, 1, 1, tzinfo=UTC)


class EventType(fields.String):
    """A type of events, with or without `orderlog.order.`."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        named = PREFIX + text.removeprefix(PREFIX)
        if named not in TYPES:
            known = ", ".join(sorted(each.removeprefix(PREFIX) for each in TYPES))
            raise ValidationError(f"There is no such type. The types are: {known}.")
        return named


def _address(*, required: bool) -> fields.String:
    return fields.String(
        required=required,
        validate=validate.Length(1, MOST_CHARACTERS),
        metadata={"description": "Where to send events: an address with https."},
    )


def _types() -> Some:
    return Some(
        EventType(metadata={"pattern": f"^{ONE_TYPE}$"}),
        most=MOST_NAMED,
        metadata={"description": "Only events of these types; an empty list means all."},
    )


def _shows() -> Some:
    return Some(
        ObjectId(),
        most=MOST_NAMED,
        data_key="events",
        metadata={"description": "Only orders of these events, by ids; an empty list means all."},
    )


def _asymmetric() -> TrueOrFalse:
    return TrueOrFalse(
        metadata={"description": "Sign by v1a as well, which a public key verifies (Ed25519)."}
    )


def _position(description: str) -> Count:
    return Count(validate=validate.Range(0, MOST_POSITION), metadata={"description": description})


class WebhookIn(Schema):
    """A new webhook."""

    address = _address(required=True)
    types = _types()
    shows = _shows()
    asymmetric = _asymmetric()
    after = _position("Begin behind this position; if missing, at the present end of the log.")

    @post_load
    def new_webhook(self, data: dict[str, Any], **_: Any) -> NewWebhook:
        """The webhook as the service takes it."""
        return NewWebhook(**_lists_once(data))


class WebhookChangeIn(Schema):
    """What of a webhook to change. What is missing stays."""

    address = _address(required=False)
    types = _types()
    shows = _shows()
    asymmetric = _asymmetric()
    state = fields.String(
        validate=validate.OneOf([WebhookState.ACTIVE, WebhookState.PAUSED]),
        metadata={
            "description": "`paused`: send nothing; it stays where it stands. `active`: go on."
        },
    )
    end_old_secret = Yes(metadata={"description": "true: only the newest secret signs from now."})

    @post_load
    def change(self, data: dict[str, Any], **_: Any) -> ChangeWebhook:
        """The change as the service takes it."""
        if "state" in data:
            data["state"] = WebhookState(data["state"])
        return ChangeWebhook(**_lists_once(data))


class NewSecretIn(Schema):
    """What becomes of the secret before."""

    keep_old = TrueOrFalse(
        load_default=True,
        metadata={
            "description": "Whether the newest secret so far signs, too, until it is ended or the"
            " next rotation. false: it is known to others."
        },
    )


class SendAgainIn(Schema):
    """Which events to send again: one of the three."""

    contract: ClassVar = {
        "oneOf": [{"required": [each]} for each in ("positions", "made_at", "after")],
    }

    positions = Some(
        Count(validate=validate.Range(1, MOST_POSITION)),
        most=MOST_NAMED,
        metadata={"description": "The events at these positions, which are their ids."},
    )
    made_at = MomentRange(
        metadata={"description": "Those made in a range FROM,TILL; either may be left out."}
    )
    after = _position("All events behind this position.")

    @validates_schema
    def one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse none, and more than one."""
        if len(data) != 1:
            raise ValidationError("Either positions, made_at or after.", "after")
        if data.get("positions") == []:
            raise ValidationError("Names no position.", "positions")

    @post_load
    def send_again(self, data: dict[str, Any], **_: Any) -> SendAgain:
        """The request as the service takes it."""
        made = data.get("made_at")
        return SendAgain(
            positions=tuple(data.get("positions", ())),
            made=None if made is None else (made[0] or BEGINNING, made[1] or END),
            after=data.get("after"),
        )


class WebhookListIn(Schema):
    """Which webhooks to list."""

    page_size = usual_page_size("webhooks")
    cursor = ObjectId(
        load_default=None,
        metadata={"description": "Continues a list: taken from the Link of the page before."},
    )


class DeliveryListIn(Schema):
    """Which tries to list."""

    position = Digits(
        validate=validate.Range(0, MOST_POSITION),
        metadata={"description": "Only tries of the event at this position."},
    )
    failed = Flag(
        load_default=False, metadata={"description": "true: only tries that did not confirm."}
    )
    page_size = usual_page_size("tries")
    cursor = Digits(
        validate=validate.Range(1, MOST_POSITION),
        metadata={"description": "Continues a list: taken from the Link of the page before."},
    )

    @post_load
    def delivery_filter(self, data: dict[str, Any], **_: Any) -> DeliveryFilter:
        """The filter as the service takes it."""
        return DeliveryFilter(
            limit=data["page_size"],
            before=data.get("cursor"),
            position=data.get("position"),
            failed=data["failed"],
        )


def _lists_once(data: dict[str, Any]) -> dict[str, Any]:
    """The same, with each entry of a list once."""
    once = {each: tuple(dict.fromkeys(data[each])) for each in LISTS & data.keys()}
    return {**data, **once}
