"""The schemas of what comes in with the calls of an order's audit."""

from typing import Any

from marshmallow import Schema, ValidationError, validate, validates_schema

from interface.http.schemas import Digits

MOST_VERSION = 2**31


class DiffIn(Schema):
    """Between which versions to compare; 0 is before the order was made."""

    from_ = Digits(
        data_key="from",
        required=True,
        validate=validate.Range(0, MOST_VERSION),
        metadata={"description": "The older version; 0 is before the order was created."},
    )
    to = Digits(
        required=True,
        validate=validate.Range(0, MOST_VERSION),
        metadata={"description": "The newer version."},
    )

    @validates_schema
    def forward(self, data: dict[str, Any], **_: Any) -> None:
        """Time runs forward."""
        if data["from_"] > data["to"]:
            raise ValidationError("Has to be the older version.", "from")
