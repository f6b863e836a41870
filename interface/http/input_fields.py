"""The kinds of fields that bodies and queries are made of, and how each is checked."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from typing import Any

from marshmallow import ValidationError, fields, validate

from application.catalog.web_address import WebAddress
from application.runtime import people

MOST_URL = 2000
MOST_WHOLE = 2**53 - 1
"""The largest whole number that all readers of JSON take for the same."""
MOST_CODE = 100

OBJECT_ID = re.compile(r"[0-9a-f]{24}\Z")
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f]*\Z")
DIGITS = re.compile(r"[0-9]{1,20}\Z")
NOT_BLANK = re.compile(r".*\S")


class ObjectId(fields.String):
    """An id: 24 hex digits, written in small letters."""

    default_error_messages = {"invalid": "Is not an id: an id has 24 hex digits."}  # noqa: RUF012 - as marshmallow wants it

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or not OBJECT_ID.match(value.lower()):
            raise self.make_error("invalid")
        return value.lower()


class Written(fields.String):
    """A text that is kept in one form, whichever of several it came in."""

    def __init__(self, form: Callable[[str], str], **kwargs: Any) -> None:
        self._form = form
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return self._form(super()._deserialize(value, *args, **kwargs))


class PromocodeText(Written):
    """A promo code as somebody typed it: 1 to 100 printable characters, not only spaces."""

    def __init__(self) -> None:
        checks = [validate.Length(1, MOST_CODE), printable(), validate.Regexp(NOT_BLANK)]
        super().__init__(people.visible, validate=checks)


class EmailAddress(fields.Email):
    """An e-mail address, kept as mail systems write it."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        try:
            return people.email(text)
        except ValueError as error:
            raise self.make_error("invalid") from error


class Moment(fields.String):
    """A moment: ISO 8601 with a time zone."""

    default_error_messages = {"invalid": "Is not a time: write it as ISO 8601 with a time zone."}  # noqa: RUF012

    def _deserialize(  # type: ignore[override] # a string outside, a datetime inside
        self, value: Any, *_: Any, **__: Any
    ) -> datetime:
        try:
            # An unescaped + in a query arrives as a space.
            moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)\Z", r"+\1", value))
            if moment.tzinfo is None:
                raise self.make_error("invalid")
            return moment.astimezone(UTC)
        except (ValueError, TypeError, OverflowError) as error:
            raise self.make_error("invalid") from error


class Digits(fields.Integer):
    """A whole number as it stands in an address: digits and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not DIGITS.match(value):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Count(fields.Integer):
    """A whole number in a body; to JSON 2.0 is one, too."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        return super()._deserialize(whole, attr, data, **kwargs)


class MomentRange(fields.String):
    """From a moment (included) till another (excluded), with a comma between; either may miss."""

    default_error_messages = {"invalid": "Is not a range: write FROM,TILL, or leave out either."}  # noqa: RUF012

    def _deserialize(  # type: ignore[override] # a string outside, two datetimes inside
        self, value: Any, *_: Any, **__: Any
    ) -> tuple[datetime | None, datetime | None]:
        ends = value.split(",")
        if len(ends) != len(("from", "till")):
            raise self.make_error("invalid")
        from_, till = (Moment().deserialize(end.strip()) if end.strip() else None for end in ends)
        return from_, till


class Words(fields.String):
    """One or more words of an enumeration, with commas between."""

    def __init__(self, words: type[StrEnum], **kwargs: Any) -> None:
        self.words = words
        super().__init__(**kwargs)

    def _deserialize(  # type: ignore[override] # a string outside, enumeration members inside
        self, value: Any, *_: Any, **__: Any
    ) -> tuple[StrEnum, ...]:
        try:
            return tuple(self.words(word.strip()) for word in value.split(","))
        except ValueError as error:
            known = ", ".join(self.words)
            raise ValidationError(
                f"Has to be one or several of these words, separated by commas: {known}."
            ) from error


class TrueOrFalse(fields.Boolean):
    """true or false, and nothing that only looks like it."""

    truthy = {True}  # noqa: RUF012
    falsy = {False}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Flag(fields.Boolean):
    """true or false; the strings "true" and "false" are taken, too."""

    truthy = {True, "true"}  # noqa: RUF012
    falsy = {False, "false"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Yes(Flag):
    """true, and nothing else."""

    truthy = {True}  # noqa: RUF012
    falsy = set()  # noqa: RUF012


class Some(fields.List[Any]):
    """A list of at most `most` values; a longer one is refused before its values are read."""

    def __init__(self, cls_or_instance: Any, *, most: int, **kwargs: Any) -> None:
        self._most = validate.Length(max=most)
        super().__init__(cls_or_instance, validate=self._most, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list):
            self._most(value)
        return super()._deserialize(value, *args, **kwargs)


class Few(fields.Dict):
    """An object with at most `most` names; a larger one is refused before its values are read.

    A fault of a name or of its value stands at the name.
    """

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        self._most = validate.Length(max=most)
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, dict):
            self._most(value)
        try:
            return super()._deserialize(value, *args, **kwargs)  # type: ignore[no-untyped-call]
        except ValidationError as error:
            if isinstance(error.messages, dict):
                by_name = error.messages.items()
                faults = {name: [*chain(*found.values())] for name, found in by_name}
                raise ValidationError(faults) from error
            raise


class PlainValue(fields.Field[Any]):
    """A text of at most `most` printable characters, a number, true, false or null."""

    default_error_messages = {  # noqa: RUF012
        "invalid": "Is not a string, number, true, false or null.",
        "large": "Is no number that everybody reads as the same.",
    }

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(allow_none=True, **kwargs)
        self.most = most
        self._checks = (validate.Length(max=most), printable())

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if isinstance(value, str):
            for check in self._checks:
                check(value)
        elif not isinstance(value, bool | int | float):
            raise self.make_error("invalid")
        elif not -MOST_WHOLE <= value <= MOST_WHOLE:
            raise self.make_error("large")
        return value


def text(
    most: int,
    description: str,
    pattern: re.Pattern[str] | None = None,
    error: str = "",
    form: Callable[[str], str] = str,
) -> fields.String:
    """A string of 1 to `most` printable characters, not only spaces; null counts as missing.

    It is kept, and checked, as `form` writes it.
    """
    checks: list[Any] = [
        validate.Length(1, most),
        printable(),
        validate.Regexp(NOT_BLANK, error="Is blank."),
    ]
    if pattern is not None:
        checks.append(validate.Regexp(pattern, error=error))
    metadata = {"description": description}
    return Written(form, validate=checks, allow_none=True, load_default=None, metadata=metadata)


def printable() -> validate.Regexp:
    """The check that a string has no control characters."""
    return validate.Regexp(PRINTABLE, error="Has control characters.")


def web_address(description: str) -> WebAddress:
    """An address to send a buyer to."""
    return WebAddress(
        validate=[validate.Length(max=MOST_URL), printable()],
        allow_none=True,
        load_default=None,
        metadata={"description": description},
    )
