"""The body of a request: JSON of the right type and size, held against its schema as a whole."""

import json
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import islice
from typing import Any, TypeVar

import msgspec
from marshmallow import Schema, ValidationError
from marshmallow.fields import Nested
from werkzeug.wrappers import Request as Parsed

from interface.http.errors import BadRequest
from interface.http.exchange import Incoming

T = TypeVar("T")

JSON = "application/json"
ENCODING = "HTTP_CONTENT_ENCODING"
LARGEST_USUAL = 65_536
"""A larger body is never read on the event loop, in bytes."""
MOST_KEPT = 512
LONGEST_KEPT = 400
"""So many queries of so many characters are remembered as they were loaded."""
MOST_FAULTS = 100
"""At most so many faults of one request are reported."""


def load_body(
    incoming: Incoming, schema: Schema, quick: Callable[[bytes], Any] | None = None
) -> Any:
    """The body as `schema` loads it. Raises `BadRequest`, which names each fault.

    `quick` decodes the most usual bodies in one step. It returns None for all others, which are
    then loaded by the schema.
    """
    if incoming.command is not None:
        return incoming.command
    data = raw_body(incoming)
    if quick is not None and (command := quick(data)) is not None:
        return command
    try:
        body = msgspec.json.decode(data)
        NAMED_ONCE.decode(data.decode())
    except (msgspec.DecodeError, ValueError) as error:
        raise BadRequest("bad_json", f"The body is not JSON: {error}") from error
    except RecursionError as error:
        raise BadRequest("bad_json", "The body is nested too deeply.") from error
    if not isinstance(body, dict):
        raise BadRequest("bad_body", "The body has to be a JSON object.")
    refuse_many_unknown(schema, body)
    return checked(schema, body, "bad_body", "The body has wrong values.")


def raw_body(incoming: Incoming) -> bytes:
    """The bytes of a body that says it is JSON and not compressed. Raises `BadRequest`."""
    _check_encoding(incoming)
    if incoming.environ.get("CONTENT_TYPE") != JSON and incoming.parsed.mimetype != JSON:
        raise BadRequest("bad_content_type", f"The body has to be {JSON}.", status=415)
    return incoming.read_body()


def refuse_many_unknown(schema: Schema, body: dict[str, Any], path: str = "") -> None:
    """Refuse a body with very many unknown names before anything is built of them.

    A few are left to the schema, which finds all that is wrong with the body at once.
    """
    unknown = list(islice((name for name in body if name not in names_of(schema)), MOST_FAULTS))
    if len(unknown) == MOST_FAULTS:
        errors = pointers(dict.fromkeys(unknown, "Unknown field."), path)
        raise BadRequest("bad_body", "The body has wrong values.", errors=errors)
    for name, field in schema.fields.items():
        inner = body.get(field.data_key or name)
        if isinstance(field, Nested) and isinstance(inner, dict):
            refuse_many_unknown(field.schema, inner, f"{path}/{field.data_key or name}")


@cache
def names_of(schema: Schema) -> frozenset[str]:
    """The names that an object may have."""
    return frozenset(field.data_key or name for name, field in schema.fields.items())


def _check_encoding(incoming: Incoming) -> None:
    """Refuse a compressed body. Raises `BadRequest`."""
    encoding = incoming.environ.get(ENCODING, "identity")
    if encoding.lower() != "identity":
        detail = f"The body is sent with Content-Encoding {encoding[:100]!r}; send it as it is."
        headers = (("Accept-Encoding", "identity"),)
        raise BadRequest("bad_content_encoding", detail, status=415, headers=headers)


def _named_once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object with a duplicate name: JSON readers differ on which value counts."""
    names = set()
    for name, _ in pairs:
        if name in names:
            raise BadRequest(
                "bad_json", f"The body has the name {name[:100]!r} twice in one object."
            )
        names.add(name)


NAMED_ONCE = json.JSONDecoder(object_pairs_hook=_named_once, parse_int=str, parse_float=str)
"""Checks the names only, in JSON that is known to be valid."""


def usual(incoming: Incoming, quick: Callable[[bytes], Any]) -> bool:
    """Whether `quick` can decode the body. If so, it is decoded now and only once."""
    if has_usual_body(incoming):
        incoming.command = quick(incoming.read_body())
    return incoming.command is not None


def has_usual_body(incoming: Incoming) -> bool:
    """Whether the body is plain JSON of a usual size, and all that is said."""
    environ = incoming.environ
    if has_query(incoming):
        return False
    length = environ.get("CONTENT_LENGTH", "")
    if environ.get("CONTENT_TYPE") != JSON or not length.isdecimal() or ENCODING in environ:
        return False
    return int(length) <= LARGEST_USUAL


def has_query(incoming: Incoming) -> bool:
    """Whether anything follows a question mark."""
    return bool(incoming.environ.get("QUERY_STRING"))


def has_no_query(incoming: Incoming) -> bool:
    """Whether nothing follows a question mark."""
    return not has_query(incoming)


def load_query(incoming: Incoming, schema: Schema) -> Any:
    """The query as `schema` loads it; not to be changed. Raises `BadRequest`."""
    text = incoming.environ.get("QUERY_STRING", "")
    if len(text) <= LONGEST_KEPT:
        return _kept_query(schema, text)
    return _query_in(schema, text)


@lru_cache(MOST_KEPT)
def _kept_query(schema: Schema, text: str) -> Any:
    """What is asked again and again: loaded once, since a schema costs more than such a request."""
    return _query_in(schema, text)


def _query_in(schema: Schema, text: str) -> Any:
    if not text:
        return _checked_query(schema, {})
    query = Parsed({"QUERY_STRING": text, "REQUEST_METHOD": "GET"}).args
    repeated = [name for name, values in query.lists() if len(values) > 1]
    if repeated:
        errors = dict.fromkeys((f"/{name}" for name in repeated), "Is given more than once.")
        raise BadRequest("bad_query", "The query repeats a parameter.", errors=errors)
    return _checked_query(schema, query.to_dict())


def _checked_query(schema: Schema, values: dict[str, Any]) -> Any:
    return checked(schema, values, "bad_query", "The query has wrong values.")


def checked(schema: Schema, values: dict[str, Any], code: str, detail: str) -> Any:
    """`values` as `schema` loads them. Raises `BadRequest` with a JSON pointer for each fault."""
    try:
        return schema.load(values)
    except ValidationError as error:
        errors = dict(islice(pointers(error.messages_dict).items(), MOST_FAULTS))
        raise BadRequest(error_code(errors, code), detail, errors=errors) from error


def error_code(errors: dict[str, str], code: str) -> str:
    """The code of a bad body, unless one of its faults has a code of its own."""
    return "random_and_tickets" if RANDOM_AND_TICKETS in errors.values() else code


RANDOM_AND_TICKETS = "Either tickets or random, not both."


OF_MARSHMALLOW = {1: ("_schema",)}
"""By depth, the names in marshmallow's messages that are not names in the request."""


def pointers(messages: Any, path: str = "", depth: int = 0) -> dict[str, str]:
    """Marshmallow's nested messages as JSON pointers (RFC 6901) with a sentence each."""
    if isinstance(messages, dict):
        found: dict[str, str] = {}
        for name, inner in messages.items():
            sent = name not in OF_MARSHMALLOW.get(depth, ())
            step = "/" + str(name).replace("~", "~0").replace("/", "~1") if sent else ""
            found.update(pointers(inner, path + step, depth + 1))
        return found
    return {path: " ".join(messages) if isinstance(messages, list) else str(messages)}
