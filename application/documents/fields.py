"""Kinds of fields that occur in many documents, with what the OpenAPI document says of them."""

from typing import Annotated

from msgspec import Meta

Id = Annotated[str, Meta(pattern="^[0-9a-f]{24}$")]
Money = Annotated[str, Meta(pattern=r"^[0-9]+\.[0-9]{2}$")]
Moment = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000\+00:00$",
        extra_json_schema={"format": "date-time"},
    ),
]
"""In UTC, with six digits of the second, the last three of them zero."""


def one_of(*words: str) -> Meta:
    """The constraint that a text is one of these words."""
    return Meta(extra_json_schema={"enum": [*words]})
