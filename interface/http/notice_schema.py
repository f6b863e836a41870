"""The form of a notice, as the OpenAPI document shows it.

`application/payments/notice.py` reads it: in one step, since a notice has to cost little.
"""

from marshmallow import INCLUDE, Schema, fields, validate

from application.payments.notice import NoticeType


def _like(pattern: str, says: str, *, required: bool = True) -> fields.String:
    return fields.String(
        required=required, validate=validate.Regexp(pattern), metadata={"description": says}
    )


class NoticeDataIn(Schema):
    """The payment that a notice is about."""

    class Meta:
        """Further fields are passed over."""

        unknown = INCLUDE

    customer = _like(r"[!-~]{1,100}\Z", "The token that the buyer was sent with: 40 hex digits.")
    payment = _like(r"[!-~]{1,100}\Z", "The gateway's own id of the payment.")
    amount = _like(
        r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?\Z", "How much, to the cent. It is never negative."
    )
    currency = _like(r"[A-Z]{3}\Z", "In which currency: three capital letters.")
    refund = _like(
        r"[!-~]{1,100}\Z", "Of a refund's notice: the id of the refund request.", required=False
    )


class NoticeIn(Schema):
    """A notice of a gateway."""

    class Meta:
        """Further fields are passed over."""

        unknown = INCLUDE

    id = _like(
        r"[!-~]{1,255}\Z",
        "The notice's own id: needed with timestamped-hmac, which has no header for it.",
        required=False,
    )
    type = fields.String(
        required=True,
        validate=validate.OneOf([each.value for each in NoticeType]),
        metadata={"description": "What happened."},
    )
    created_at = fields.DateTime(
        required=True, metadata={"description": "When it happened, with a time zone."}
    )
    data = fields.Nested(
        NoticeDataIn, required=True, metadata={"description": "The payment that it is about."}
    )
