"""/asyncapi.json is an AsyncAPI 3 document, and what is sent is what it describes."""

import json

import pytest
from jsonschema import Draft7Validator
from source import ROOT

from application.feed.reading import FeedReader, Wanted
from application.feed.thin_event import TYPES, encoded
from interface.server.flask_app import create_app

SCHEMA = ROOT / "tests" / "support" / "vendor" / "asyncapi-3.0.0.json"


@pytest.fixture
def contract(office):
    answer = create_app(office.services).test_client().get("/asyncapi.json")
    assert answer.status_code == 200
    return answer.json


def resolved(document, found):
    """What a reference leads to; what is no reference is returned."""
    while "$ref" in found:
        at = document
        for name in found["$ref"].removeprefix("#/").split("/"):
            at = at[name]
        found = at
    return found


def references(value):
    if isinstance(value, dict):
        yield from ([value] if "$ref" in value else [])
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def errors_of(document):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return [each.message for each in Draft7Validator(schema).iter_errors(document)]


def test_it_is_an_asyncapi_document_and_every_reference_leads_somewhere(contract):
    assert errors_of(contract) == []
    found = list(references(contract))
    assert len(found) > 100
    assert all(resolved(contract, each) for each in found)


def test_a_document_that_is_none_is_seen(contract):
    del contract["channels"]["stream"]["messages"]["OrderCreated"]["$ref"]
    contract["channels"]["stream"]["messages"]["OrderCreated"]["payloads"] = {}
    assert errors_of(contract)


@pytest.mark.parametrize("channel", ["stream", "webhook", "broker"])
def test_each_channel_has_every_type_and_what_is_sent_is_valid(office, contract, channel):
    office.paid_order()
    messages = {
        message["name"]: message
        for each in contract["channels"][channel]["messages"].values()
        for message in [resolved(contract, each)]
    }
    assert messages.keys() == TYPES
    for event in FeedReader(office.store).read(0, 100, Wanted()).events:
        schema = {**messages[event.type]["payload"], "components": contract["components"]}
        validator = Draft7Validator(schema)
        document = json.loads(encoded(event))
        validator.validate(document)
        assert not validator.is_valid({**document, "type": "orderlog.order.Other"})


def test_webhooks_have_the_headers_of_their_signature(contract):
    message = resolved(contract, contract["channels"]["webhook"]["messages"]["StatusChanged"])
    [trait] = [resolved(contract, each) for each in message["traits"]]
    assert trait["headers"]["required"] == ["webhook-id", "webhook-timestamp", "webhook-signature"]


def test_it_is_found_from_the_root(office):
    answer = create_app(office.services).test_client().get("/", headers={"Accept": "*/*"})
    assert answer.json["asyncapi"] == "/asyncapi.json"
