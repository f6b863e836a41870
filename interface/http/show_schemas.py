"""The schemas of queries about events, which may be filtered and sorted."""

import re
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from application.catalog.show_list import SORTS, USUAL_SORT, ShowFilter
from application.runtime.locales import countries
from interface.http.input_fields import Digits, MomentRange, ObjectId
from interface.http.schemas import MOST_EVENT_PAGES, MOST_PAGE, size_of_page

AMOUNT = r"([0-9]{1,7}(\.[0-9]{1,2})?)?"
PRICES = re.compile(rf"{AMOUNT},{AMOUNT}\Z")
MOST_CITY = 2**53


class PriceRange(fields.String):
    """From an amount to another, both included, with a comma between; either may miss."""

    default_error_messages = {"invalid": "Is no range: write LEAST,MOST; either may be left out."}  # noqa: RUF012

    def _deserialize(  # type: ignore[override] # a string outside, two amounts inside
        self, value: Any, *_: Any, **__: Any
    ) -> tuple[Decimal | None, Decimal | None]:
        found = PRICES.match(value)
        if found is None:
            raise self.make_error("invalid")
        least, most = (None if end is None else Decimal(end) for end in found.group(1, 3))
        return least, most


class SortFields(fields.String):
    """One or more fields to sort by, with commas between; a - before one sorts downwards."""

    def _deserialize(  # type: ignore[override] # a string outside, several inside
        self, value: Any, *_: Any, **__: Any
    ) -> tuple[str, ...]:
        names = tuple(value.split(","))
        plain = [each.removeprefix("-") for each in names]
        if not set(plain) <= set(SORTS):
            raise ValidationError(
                f"Has to be one or several of these words, separated by commas: {', '.join(SORTS)}."
            )
        if len(set(plain)) < len(plain):
            raise ValidationError("Names a field twice.")
        return names

    def _serialize(  # type: ignore[override] # the default, as the OpenAPI document has it
        self, value: Any, *_: Any, **__: Any
    ) -> list[str]:
        return [*value]


class EventListIn(Schema):
    """Which events to list, and in which order."""

    org = ObjectId(metadata={"description": "Events of this organiser."})
    venue = ObjectId(metadata={"description": "Events at this venue."})
    country = fields.String(
        validate=validate.OneOf(
            sorted(countries()), error="Is not a country: write a code such as DE."
        ),
        metadata={"description": "Events in this country (ISO 3166-1)."},
    )
    city = Digits(
        validate=validate.Range(0, MOST_CITY),
        metadata={"description": "Events in the city with this id."},
    )
    lifetime = MomentRange(
        data_key="lifetime__range",
        metadata={
            "description": "Events that take place at some time in a range FROM,TILL; either may be"
            " left out."
        },
    )
    price = PriceRange(
        data_key="price__range",
        metadata={
            "description": "Events with a ticket that costs so much now: LEAST,MOST, both included;"
            " either may be left out."
        },
    )
    sort = SortFields(
        load_default=USUAL_SORT,
        metadata={
            "description": "The fields to sort by, with commas between: start, end, and price,"
            " which is that of the cheapest ticket now. A - before one sorts downwards."
        },
    )
    page = Digits(
        validate=validate.Range(1, MOST_EVENT_PAGES),
        load_default=1,
        metadata={"description": "Which page, from 1."},
    )
    page_size = size_of_page(MOST_PAGE, "events")

    @post_load
    def show_filter(self, data: dict[str, Any], **_: Any) -> tuple[ShowFilter, int, int]:
        """The filter as the application has it, the page and its size."""
        page, size = data.pop("page"), data.pop("page_size")
        return ShowFilter(**data), page, size
