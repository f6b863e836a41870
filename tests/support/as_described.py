"""Holds answers against the OpenAPI document."""

import gzip
import json
import re
from functools import cached_property

import msgspec
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from interface.http.openapi import document

OF_EVERY_ANSWER = {"Content-Type", "Content-Length", "Vary"}
"""Headers that say something of the transport: no contract needs to describe them."""

MADE = {}


def text_of(answer):
    """The body of a Flask test answer, as it is without its encoding."""
    is_compressed = answer.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(answer.data) if is_compressed else answer.data).decode()


class Contract:
    """An OpenAPI document that answers are held against.

    Answers may get further fields one day; here one that is not described is a fault.
    """

    def __init__(self, document):
        close_answers(document)
        self.document = document
        self._validators = {}

    @cached_property
    def templates(self):
        return {
            re.compile(re.sub(r"{\w+}", "[^/]+", path) + r"\Z"): operations
            for path, operations in self.document["paths"].items()
        }

    @cached_property
    def operations(self):
        """Every operation by its name."""
        return {
            operation["operationId"]: operation
            for operations in self.document["paths"].values()
            for method, operation in operations.items()
            if method != "parameters"
        }

    def operation(self, method, path):
        for template, operations in self.templates.items():
            if template.match(path):
                return operations[method.lower()]
        raise LookupError(path)

    def describes(self, method, path):
        try:
            self.operation(method, path)
        except LookupError:
            return False
        return True

    def declared(self, name):
        """The statuses of an operation, each with the codes of its problems."""
        return {
            (int(status), code)
            for status, answer in self.operations[name]["responses"].items()
            for code in codes_of(answer)
        }

    def check(self, answer):
        """Fail unless a Flask test answer is as described. Returns operation, status and code."""
        request = answer.request
        operation = self.operation(request.method, request.path)
        name, status = operation["operationId"], answer.status_code
        assert str(status) in operation["responses"], f"{name} does not describe {status}"
        described = operation["responses"][str(status)]
        self._check_headers(answer, described["headers"])
        if "content" not in described:
            assert answer.data == b""
            return name, status, None
        ((content_type, content),) = described["content"].items()
        assert answer.mimetype == content_type
        schema = content["schema"]
        if "anyOf" in schema:
            schema = schema["anyOf"]["fields-schema" in request.args]
        text = text_of(answer)
        self._fits(text if content_type.startswith("text/") else json.loads(text), schema)
        if not content_type.endswith("problem+json"):
            return name, status, None
        assert answer.json["status"] == status
        assert answer.json["code"] in codes_of(described)
        return name, status, answer.json["code"]

    def _check_headers(self, answer, described):
        told = set(dict(answer.headers)) - OF_EVERY_ANSWER
        assert told <= described.keys(), f"not described: {told - described.keys()}"
        for name, header in described.items():
            if name in told:
                value = answer.headers[name]
                is_number = header["schema"]["type"] == "integer"
                self._fits(int(value) if is_number else value, header["schema"])
            else:
                assert not header["required"], f"{name} is missing"

    def _fits(self, value, schema):
        key = id(schema)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = Draft202012Validator(whole)
        fault = best_match(self._validators[key].iter_errors(value))
        assert fault is None, f"{fault.json_path}: {fault.message[:500]}"


class HeldClient(FlaskClient):
    """A client that holds every answer to a described call against the document."""

    def open(self, *args, **more):
        answer = super().open(*args, **more)
        contract = contract_of(self.application)
        if contract.describes(answer.request.method, answer.request.path):
            contract.check(answer)
        return answer


def contract_of(app):
    """The contract: the same for all applications with the same calls, so it is made once."""
    calls = frozenset(app.blueprints)
    if calls not in MADE:
        with app.app_context():
            MADE[calls] = Contract(json.loads(msgspec.json.encode(document(app))))
    return MADE[calls]


def codes_of(answer):
    """The codes of a problem; None for what is none."""
    return answer.get("x-codes", [None])


def close_answers(document):
    """Allow no field in an answer that is not described."""
    for name, schema in document["components"]["schemas"].items():
        if not name.endswith("In") and name != "Document":
            close(schema)


def close(schema):
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for inside in schema.values():
            close(inside)
    elif isinstance(schema, list):
        for inside in schema:
            close(inside)
