"""The schemas of what comes in about refunds: bodies and queries."""

from enum import StrEnum
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from application.payments.refund_service import SORTS, RefundFilter, RefundRequest
from domain.refunds import Culprit, RefundStatus
from interface.http.input_fields import ObjectId, Some, Words, Yes
from interface.http.schemas import MOST_TICKETS, list_cursor, sorted_by, usual_page_size


class Decided(StrEnum):
    """What can be decided about a refund."""

    APPROVED = "approved"
    REJECTED = "rejected"


def _tickets(description: str) -> Some:
    return Some(
        ObjectId(),
        most=MOST_TICKETS,
        metadata={"uniqueItems": True, "description": description},
    )


class RefundIn(Schema):
    """A request for a refund: either the tickets that stay, or those that go."""

    contract: ClassVar = {
        "oneOf": [{"required": ["tickets"]}, {"required": ["tickets_refund"]}],
    }

    order = ObjectId(required=True, metadata={"description": "The order, which has to be done."})
    culprit = fields.Enum(
        Culprit,
        by_value=True,
        required=True,
        metadata={"description": "Because of whom: of the organiser everything is paid back."},
    )
    tickets = _tickets("The tickets that stay; all others go back.")
    tickets_refund = _tickets("The tickets that go back.")

    @validates_schema
    def one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse both lists, none, and a ticket that is named twice."""
        named = [name for name in ("tickets", "tickets_refund") if name in data]
        if len(named) != 1:
            raise ValidationError("Either tickets or tickets_refund.", "tickets_refund")
        if len(set(data[named[0]])) < len(data[named[0]]):
            raise ValidationError("Names a ticket twice.", named[0])

    @post_load
    def refund_request(self, data: dict[str, Any], **_: Any) -> RefundRequest:
        """The request as the service has it."""
        stay = "tickets" in data
        tickets = data["tickets" if stay else "tickets_refund"]
        return RefundRequest(data["order"], data["culprit"], tuple(tickets), stay)


class RefundChangeIn(Schema):
    """A decision about a refund, or that its money was paid back."""

    contract: ClassVar = {"oneOf": [{"required": ["status"]}, {"required": ["paid"]}]}

    status = fields.Enum(
        Decided, by_value=True, metadata={"description": "What is decided about a new refund."}
    )
    paid = Yes(metadata={"description": "true: the vendor paid an approved refund back."})

    @validates_schema
    def one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse both and none."""
        if len(data) != 1:
            raise ValidationError("Either status or paid.", "status")

    @post_load
    def decided(self, data: dict[str, Any], **_: Any) -> RefundStatus:
        """The status that the refund is to have."""
        return RefundStatus(data["status"]) if "status" in data else RefundStatus.PAID


class RefundListIn(Schema):
    """Which refunds to list."""

    status = Words(RefundStatus, metadata={"description": "Refunds in one of these statuses."})
    event = ObjectId(metadata={"description": "Refunds of this event."})
    org = ObjectId(metadata={"description": "Refunds of this organiser's events."})
    vendor = ObjectId(metadata={"description": "Refunds of orders that this partner sold."})
    sort = sorted_by(SORTS)
    page_size = usual_page_size("refunds")
    cursor = list_cursor()

    @post_load
    def refund_filter(self, data: dict[str, Any], **_: Any) -> RefundFilter:
        """The filter as the service has it."""
        sort = data["sort"]
        return RefundFilter(
            statuses=data.get("status", ()),
            show=data.get("event"),
            org=data.get("org"),
            vendor=data.get("vendor"),
            sort=sort.removeprefix("-"),
            descending=sort.startswith("-"),
            page_size=data["page_size"],
            cursor=data["cursor"],
        )
