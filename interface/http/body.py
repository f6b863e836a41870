"""The body of a request: JSON of the right type and size, held against its schema as a whole."""

import hashlib
import json
from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

import msgspec
from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from interface.http.errors import BadRequest

T = TypeVar("T")

JSON = "application/json"
MOST_FAULTS = 100
"""How many faults of one request are told."""


def load_body(schema: Schema, quick: Callable[[bytes], Any] | None = None) -> Any:
    """What the request's body says, checked by `schema`. Raises `BadRequest`, naming each fault.

    `quick` reads the most usual bodies in one step, and leaves all others to the schema by None.
    """
    if request.environ.get("CONTENT_TYPE") != JSON and request.mimetype != JSON:
        raise BadRequest("bad_content_type", f"The body has to be {JSON}.", status=415)
    data = _data()
    if quick is not None and (command := quick(data)) is not None:
        return command
    try:
        body = msgspec.json.decode(data)
        NAMED_ONCE.decode(data.decode())
    except (msgspec.DecodeError, ValueError) as error:
        raise BadRequest("bad_json", f"The body is no JSON: {error}") from error
    except RecursionError as error:
        raise BadRequest("bad_json", "The body is nested too deeply.") from error
    if not isinstance(body, dict):
        raise BadRequest("bad_body", "The body has to be a JSON object.")
    return checked(schema, body, "bad_body", "The body has wrong values.")


def _data() -> bytes:
    """The body's bytes. Raises `RequestEntityTooLarge`."""
    data = request.get_data()
    # A body that comes in chunks is cut at the limit; only what comes after it tells.
    if len(data) == request.max_content_length and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return data


def _named_once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object that says two things by one name: readers take one or the other."""
    names = set()
    for name, _ in pairs:
        if name in names:
            raise BadRequest("bad_json", f"An object of the body names {name[:100]!r} twice.")
        names.add(name)


NAMED_ONCE = json.JSONDecoder(object_pairs_hook=_named_once, parse_int=str, parse_float=str)
"""Looks at the names alone, in JSON that is known to be good."""


def load_query(schema: Schema) -> Any:
    """What the request's query says, checked by `schema`. Raises `BadRequest`."""
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        errors = dict.fromkeys((f"/{name}" for name in repeated), "Is given more than once.")
        raise BadRequest("bad_query", "The query repeats a parameter.", errors=errors)
    return checked(schema, request.args.to_dict(), "bad_query", "The query has wrong values.")


def checked(schema: Schema, values: dict[str, Any], code: str, detail: str) -> Any:
    """`values` as `schema` loads them. Raises `BadRequest` with a JSON pointer for each fault."""
    try:
        return schema.load(values)
    except ValidationError as error:
        errors = dict(islice(pointers(error.messages_dict).items(), MOST_FAULTS))
        raise BadRequest(error_code(errors, code), detail, errors=errors) from error


def error_code(errors: dict[str, str], code: str) -> str:
    """The code of a bad body, or of the one fault that has a code of its own."""
    return "random_and_tickets" if RANDOM_AND_TICKETS in errors.values() else code


RANDOM_AND_TICKETS = "Either tickets or random, not both."


OF_MARSHMALLOW = {1: ("_schema",), 2: ("key", "value")}
"""By depth, the names in marshmallow's messages that are not names in what was sent."""


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


def fingerprint() -> bytes:
    """Tells whether two requests are the same: method, address and body."""
    return fingerprint_of(request.method, request.full_path, request.get_data())


def fingerprint_of(method: str, full_path: str, data: bytes) -> bytes:
    """The fingerprint of a request with this method, this path with its query, and this body."""
    return hashlib.sha256(b"\n".join((method.encode(), full_path.encode(), data))).digest()
