"""The OpenAPI document describes every route of the API, and only what there is."""

import re
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from domain import refusals
from interface.http import documented_calls, problems
from interface.http.contract import Good, Operation, described
from interface.http.openapi import api_calls
from interface.http.orders import NothingDocument
from interface.http.problems import Problem, problem_of
from interface.server.flask_app import create_app

REFUSALS = [
    each
    for each in vars(refusals).values()
    if isinstance(each, type) and issubclass(each, refusals.Refusal) and hasattr(each, "code")
]
LOOK_AROUND = Operation(
    tag="orders", summary="Look", says="Looks.", answers={200: Good("Seen.", NothingDocument)}
)


@pytest.fixture
def app(office):
    return create_app(office.services)


def document_of(app):
    answer = app.test_client().get("/openapi.json")
    assert answer.status_code == 200
    return answer.json


def calls_in(document):
    return {
        (path, method.upper()): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
    }


def undescribed(app):
    routes = {(path, method) for path, method, _, _ in api_calls(app)}
    return routes - calls_in(document_of(app)).keys()


def test_every_route_is_described(app):
    assert not undescribed(app)


def test_what_is_described_has_a_route(app):
    routes = {(path, method) for path, method, _, _ in api_calls(app)}
    assert len(routes) > 10
    assert calls_in(document_of(app)).keys() == routes


def test_a_route_that_nobody_described_is_noticed(app):
    app.add_url_rule("/v1/resources/lost", view_func=lambda: "", methods=["POST"], endpoint="lost")
    assert undescribed(app) == {("/v1/resources/lost", "POST")}


def test_a_described_route_is_in_the_document(app):
    app.add_url_rule("/v1/resources/found", "found", described(LOOK_AROUND)(lambda: ""))
    assert ("/v1/resources/found", "GET") in calls_in(document_of(app))
    assert not undescribed(app)


def test_pages_for_people_are_no_part_of_the_contract(app):
    app.add_url_rule("/console/orders", "console", lambda: "")
    assert not undescribed(app)
    assert ("/console/orders", "GET") not in calls_in(document_of(app))


def test_the_document_is_valid(app):
    OpenAPIV31SpecValidator(document_of(app)).validate()


def test_every_operation_has_its_own_name_and_a_known_tag(app):
    document = document_of(app)
    operations = calls_in(document).values()
    names = [each["operationId"] for each in operations]
    assert len(names) == len(set(names))
    assert {tag for each in operations for tag in each["tags"]} == {
        each["name"] for each in document["tags"]
    }


def test_the_parameters_of_a_path_are_described(app):
    for path, operations in document_of(app)["paths"].items():
        named = {each["name"] for each in operations.get("parameters", []) if each["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path))


def test_every_field_and_parameter_is_described_in_words(app):
    document = document_of(app)
    components = document["components"]["schemas"].items()
    silent = [
        f"{schema}.{field}"
        for schema, says in components
        for field, described in says.get("properties", {}).items()
        if schema != "ShapedOrder"
        if not described.get("description")
    ]
    silent += [
        f"{call}: {each['name']}"
        for call, operation in calls_in(document).items()
        for each in operation["parameters"]
        if not each.get("description")
    ]
    assert len(components) > 20
    assert silent == []


def test_no_key_is_needed_where_the_document_says_so(app):
    client = app.test_client()
    for (path, method), operation in calls_in(document_of(app)).items():
        answer = client.open(re.sub(r"{\w+}", "0" * 24, path), method=method)
        asked_here_without = operation.get("security") in ([], [{}, {"key": []}])
        assert (answer.status_code != 401) == asked_here_without, path


def test_every_reason_to_say_no_belongs_to_a_call(app):
    described = {
        problem
        for _, _, _, operation in api_calls(app)
        for problem in (operation.problems if operation else ())
    }
    reasons = {problem_of(each) for each in REFUSALS}
    reasons |= {each for each in vars(problems).values() if isinstance(each, Problem)}
    assert len(reasons) > 30
    reasons |= {*problems.OF_A_BODY}
    assert reasons - {*problems.OF_NO_CALL, *problems.OF_THE_SANDBOX} == described


def test_the_documented_calls_are_its_examples(app):
    calls = calls_in(document_of(app))
    create = calls["/v1/resources/orders", "POST"]
    change = calls["/v1/resources/orders/{order}", "PATCH"]
    asked = create["requestBody"]["content"]["application/json"]["examples"]
    idempotency_record = change["responses"]["200"]["content"]["application/json"]["examples"]
    assert asked["one_ticket_at_random"]["value"]["random"] == {"56a6254bf06c5a059b93800c": 1}
    assert idempotency_record["start_of_payment"]["value"]["status"] == "in_progress"


def test_the_examples_are_the_documented_calls_letter_for_letter():
    ours = Path(documented_calls.__file__).with_name("carry_out.json")
    played = Path(__file__).parents[2] / "journey" / "carry_out.json"
    assert ours.read_bytes() == played.read_bytes()


def test_the_document_is_made_once(app, monkeypatch):
    first = document_of(app)
    monkeypatch.setattr("interface.http.openapi.document", None)
    assert document_of(app) == first
